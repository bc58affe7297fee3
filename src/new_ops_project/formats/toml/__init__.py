"""TOML edited as text: places, pieces, additions by key."""
