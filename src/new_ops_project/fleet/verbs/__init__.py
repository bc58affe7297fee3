"""The verbs of `fleet`, each from a request to a value."""
