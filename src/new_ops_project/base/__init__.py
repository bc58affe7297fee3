"""base: say here what this package owns."""
