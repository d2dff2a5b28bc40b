"""The project: settings, database, addresses and the look. No domain code."""
