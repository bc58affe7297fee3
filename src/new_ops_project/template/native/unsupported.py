"""The error that sends a template to copier."""


class UnsupportedError(Exception):
    """What only copier can say; the message is a clause about the template: it has tasks."""
