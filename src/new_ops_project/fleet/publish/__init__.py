"""publish: say here what this package owns."""
