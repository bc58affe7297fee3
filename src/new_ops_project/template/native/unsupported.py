"""The error that hands a template over to copier."""


class UnsupportedError(Exception):
    """Only copier can render this; the message is a clause about the template, such as "has tasks"."""
