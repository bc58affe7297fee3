"""requirements: say here what this package owns."""
