"""update: say here what this package owns."""
