"""promotion: say here what this package owns."""
