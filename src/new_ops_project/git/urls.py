"""The addresses of repositories: short forms, full forms, credentials in them."""

import re

# Copier's short forms, expanded as copier does it.
_SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}

# The scp-like form of an ssh address (git-clone(1)), with two characters at least, since C: is a Windows drive.
_SCP = re.compile(r"^(?:[\w.+-]+@)?[\w.-]{2,}:(?!//)")

# A token or a password in a URL. The account of an ssh address (git@) is not a secret, and has to stay.
_SECRET = re.compile(r"(?<=http://)[^/@]*@|(?<=https://)[^/@]*@|(?<=://)[^/@:]*:[^/@]*@")


def without_secrets(text: str) -> str:
    """`text` without the credentials in any URL that it contains."""
    return _SECRET.sub("", text)


def is_short_address(location: str) -> bool:
    """Whether `location` is a remote address without a scheme: `gh:`, `gl:` or `user@host:path`."""
    return location.startswith(tuple(_SHORT)) or bool(_SCP.match(location))


def full_address(location: str) -> str:
    """`location` in the form that git understands: short forms expanded, without pip's prefix `git+`."""
    for short, url in _SHORT.items():
        if location.startswith(short):
            return f"{url}{location.removeprefix(short).strip('/').removesuffix('.git')}.git"
    return location.removeprefix("git+")
