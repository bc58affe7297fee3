"""TODO: what this file owns."""

import re

# As copier expands them.
_SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}


_SCP = re.compile(r"^(?:[\w.+-]+@)?[\w.-]{2,}:(?!//)")


# A token or a password in a URL; the account of an ssh address is part of it.
_SECRET = re.compile(r"(?<=http://)[^/@]*@|(?<=https://)[^/@]*@|(?<=://)[^/@:]*:[^/@]*@")


def without_secrets(text: str) -> str:
    """`text` without the credentials of the addresses in it."""
    return _SECRET.sub("", text)


def is_short_address(location: str) -> bool:
    """Whether `location` is a remote address without a scheme: gh:, gl:, or user@host:path."""
    return location.startswith(tuple(_SHORT)) or bool(_SCP.match(location))


def full_address(location: str) -> str:
    """The address that git takes for `location`."""
    for short, url in _SHORT.items():
        if location.startswith(short):
            return f"{url}{location.removeprefix(short).strip('/').removesuffix('.git')}.git"
    return location.removeprefix("git+")
