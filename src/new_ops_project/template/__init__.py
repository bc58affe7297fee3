"""template: say here what this package owns."""
