"""setuptools: say here what this package owns."""
