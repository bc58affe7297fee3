"""creation: say here what this package owns."""
