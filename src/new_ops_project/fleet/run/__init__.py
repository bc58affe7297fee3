"""run: say here what this package owns."""
