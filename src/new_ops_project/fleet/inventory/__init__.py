"""inventory: say here what this package owns."""
