"""The addresses of repositories: short forms, full forms, credentials in them, those that are refused."""

import os
import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from new_ops_project.base import masking
from new_ops_project.base.errors import ToolError

PROTOCOLS = ("https", "http", "ssh", "git", "file")

# Copier's short forms, expanded as copier does it.
_SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}

# The scp-like form of an ssh address (git-clone(1)), with two characters at least, since C: is a Windows drive.
_SCP = re.compile(r"^(?:[\w.+-]+@)?[\w.-]{2,}:(?!//)")
# How git recognizes the address of a remote helper (gitremote-helpers(7)): a program of any name may be behind it.
_HELPER = re.compile(r"^(?:git\+)?([A-Za-z0-9][\w.+-]*)::")
_LOGIN_WITHOUT_SCHEME = re.compile(r"^([^\s:/@\\]+):([^/]*)@")
_LONGEST_ACCOUNT = 16  # characters; a longer user of http is a token
_NO_URL = "Write it as https://HOST/PATH."


def allowed_protocols() -> str:
    """Our protocols, as far as the user's own list has them, as a value of GIT_ALLOW_PROTOCOL (git(1))."""
    own = os.environ.get("GIT_ALLOW_PROTOCOL")
    return ":".join(name for name in PROTOCOLS if own is None or name in own.split(":"))


class Login(NamedTuple):
    """The user and the password in an address, decoded; '' for what it does not have."""

    user: str = ""
    password: str = ""


def is_short_address(location: str) -> bool:
    """Whether `location` is a remote address without a scheme: `gh:`, `gl:` or `user@host:path`."""
    return location.startswith(tuple(_SHORT)) or bool(_SCP.match(location))


def full_address(location: str) -> str:
    """`location` in the form that git understands: short forms expanded, without pip's prefix `git+`.

    This is the one door to the network. Raises ToolError for an address that git does not get to see: of a protocol
    that is not one of PROTOCOLS, or not readable as one. From here on, its credentials are hidden.
    """
    require_allowed(location)
    for short, url in _SHORT.items():
        if location.startswith(short):
            return f"{url}{location.removeprefix(short).strip('/').removesuffix('.git')}.git"
    address = location.removeprefix("git+")
    if "://" not in address:
        return address
    scheme, sign, rest = address.partition("://")
    return f"{scheme.lower()}{sign}{rest}"


def require_allowed(location: str) -> None:
    """Raise ToolError for a location that could have git run a program, or that is no address although it looks so.

    The message does not quote what may be a password.
    """
    if helper := _HELPER.match(location):
        _refuse(f"{helper[1]}::", "which is an address of a program that git would run")
    if location.startswith("-"):
        raise ToolError(f"{masking.masked(location)} is an option, not an address.", "Give ./-NAME for a path.")
    if "://" in location or is_short_address(location):
        _require_one_line(location)
    if "://" in location:
        _require_url(location)
    elif login := _LOGIN_WITHOUT_SCHEME.match(location):
        masking.hide(login[2])
        raise ToolError("An address has credentials and no scheme.", _NO_URL)


def _require_url(location: str) -> None:
    parts = split(location)
    if parts.scheme not in PROTOCOLS:
        _refuse(f"{parts.scheme or location.partition('://')[0]}://", "which is not one of its protocols")
    if parts.scheme != "file" and (not parts.hostname or parts.hostname.startswith("-")):
        raise ToolError(f"An address of {parts.scheme}:// has no host.", _NO_URL)
    user, password = _login(parts)
    raw = parts.netloc.rpartition("@")[0].partition(":")[2]
    _require_one_line(f"{user}{password}")
    tokens = [value for name, value in parse_qsl(parts.query) if masking.is_secret_name(name)]
    if parts.scheme.startswith("http") and len(user) > _LONGEST_ACCOUNT:
        tokens.append(user)
    masking.hide(raw, password, *tokens)


def _require_one_line(text: str) -> None:
    if {*text} & {"\0", "\n", "\r"}:  # they would start another line of what git asks a credential helper
        raise ToolError("An address has the end of a line in it.", _NO_URL)


def _refuse(start: str, why: str) -> None:
    message = f"An address begins with {start}, {why}."
    raise ToolError(message, f"Give a path, or an address of {', '.join(PROTOCOLS)}.")


def split(address: str) -> SplitResult:
    """The parts of a URL without the prefix `git+`; raises ToolError, without quoting it, if it cannot be read."""
    try:
        parts = urlsplit(address.removeprefix("git+"))
        is_valid = parts.port != 0 and not re.search(r"\s", parts.netloc)
    except ValueError:
        is_valid = False
    if not is_valid:
        masking.hide(address.partition("://")[2].rpartition("@")[0])
        raise ToolError("An address cannot be read as a URL.", _NO_URL)
    return parts


def _login(parts: SplitResult) -> Login:
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return Login(unquote(user), unquote(password))


def login(address: str) -> Login:
    """The credentials of an address of http or https; those of another protocol are of no use to git."""
    return _login(split(address)) if address.lower().startswith("http") else Login()


def without_login(address: str) -> str:
    """A full address without user and password; the account of an ssh address is no secret, and has to stay."""
    scheme, sign, rest = address.partition("://")
    user, _, _host = split(address).netloc.rpartition("@") if sign else ("", "", "")
    if not user:
        return address
    account = f"{user.partition(':')[0]}@" if scheme.endswith("ssh") else ""
    return f"{scheme}{sign}{account}{rest.removeprefix(f'{user}@')}"


def public(address: str) -> str:
    """A full address without credentials: for command lines, for git's configuration, for what is stored."""
    plain = without_login(address)
    if not re.match(r"(?:git\+)?https?://", plain):  # only http has queries; elsewhere, ? and # belong to the path
        return plain
    place, mark, query = plain.partition("?")
    pairs = [pair for pair in query.split("&") if not masking.is_secret_name(unquote(pair.partition("=")[0]))]
    return place + (mark + "&".join(pairs) if pairs else "")
