"""project: say here what this package owns."""
