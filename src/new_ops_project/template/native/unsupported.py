"""The error that sends a template to copier."""


class Unsure(Exception):  # noqa: N818 - no error of anybody's: copier does it then
    """What only copier can say; the message is a clause about the template: it has tasks."""
