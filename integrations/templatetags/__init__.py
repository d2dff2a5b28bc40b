"""Template tags of the integrations' screens."""
