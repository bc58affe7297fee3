"""evidence: say here what this package owns."""
