"""plan: say here what this package owns."""
