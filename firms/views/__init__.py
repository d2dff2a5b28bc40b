"""Pages of people and firms."""
