"""resolvers: say here what this package owns."""
