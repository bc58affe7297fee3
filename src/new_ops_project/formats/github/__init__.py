"""github: say here what this package owns."""
