"""How a new project reaches its place."""
