"""The promotion of a project to a higher tier."""
