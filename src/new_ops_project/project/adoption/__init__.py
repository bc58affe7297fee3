"""adoption: say here what this package owns."""
