"""What is neither printed nor stored: credentials in addresses, answers to secret questions."""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

MASK = "***"
_SHORTEST = 4  # characters; a shorter text is found everywhere
_LONG = 12  # characters from which a text is hidden inside of words too

# The query parameters (and keys of the config file) whose values are secret, by their names in any case.
_LETTERS = r"(?:[\w.-]|%(?!26|3D|3F)){0,40}"
_WORDS = "token|secret|passw|passphrase|pwd|credential|signature|auth(?!or)|(?:api|access|private)[_-]?key"
_NAME = rf"{_LETTERS}(?:{_WORDS}){_LETTERS}|key|sig|pass|pw|pat|jwt"
_QUERY = re.compile(rf"([?&;#]|%3F|%26)({_NAME})(=|%3D)((?:(?!%26)[^\s&;#\"'<>\\])+)", re.IGNORECASE)
# The user and the password in a URL. A password may hold what ought to be escaped: a slash, or an @ of its own.
# Quotes and backslashes end it: the text may be JSON.
_ODD_LOGIN = re.compile(
    r"([a-z][a-z0-9+.-]{0,20})(://)(?!\[)([^\s/?#@:\"\\]*:(?!\d*(?:[/?#\s\"\\]|$))[^\s@\"\\]*)@", re.IGNORECASE
)
_LOGIN = re.compile(r"([a-z][a-z0-9+.-]{0,20})(://)([^\s/?#\"\\]*)@", re.IGNORECASE)
_ENCODED_LOGIN = re.compile(r"([a-z][a-z0-9+.-]{0,20})(%3A%2F%2F)((?:(?!%2F)[^\s/&\"'])*)%40", re.IGNORECASE)

_hidden: set[str] = set()


def hide(*secrets: Any) -> None:
    """Mask these values, and those in them, from now on: wherever they appear and however they are quoted."""
    for secret in secrets:
        if isinstance(secret, (dict, list, tuple)):
            hide(*(secret.values() if isinstance(secret, dict) else secret))
            continue
        text = "" if secret is None or isinstance(secret, bool) else str(secret)
        lines = text.splitlines() if "\n" in text else []
        for form in (text, unquote(text), *(line.strip() for line in lines)):
            forms = {form, repr(form)[1:-1], json.dumps(form)[1:-1], quote(form, safe="")}
            _hidden.update(each for each in forms if len(each) >= _SHORTEST)


def forget() -> None:
    """Start without hidden values: those of another run in this process do not count."""
    _hidden.clear()


def masked(text: str) -> str:
    """`text` without the credentials in any URL that it contains, and without hidden values."""
    if "%" in text or "@" in text:
        for pattern in (_ODD_LOGIN, _LOGIN, _ENCODED_LOGIN):
            text = pattern.sub(_without_login, text)
    text = _QUERY.sub(rf"\1\2\3{MASK}", text)
    return _any_of(frozenset(_hidden)).sub(MASK, text) if _hidden else text


def masked_bytes(content: bytes) -> bytes:
    """The same for the bytes of a text."""
    text = content.decode(errors="surrogateescape")
    return masked(text).encode(errors="surrogateescape")


def masked_json(value: Any) -> Any:
    """A value for JSON with every text in it masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: masked_json(member) for key, member in value.items()}
    return [masked_json(member) for member in value] if isinstance(value, (list, tuple)) else value


def holds_hidden(content: bytes) -> bool:
    """Whether a hidden value is in `content`."""
    return bool(_hidden) and bool(_any_of(frozenset(_hidden)).search(content.decode(errors="replace")))


def is_secret_name(name: str) -> bool:
    """Whether the value of a query parameter, or of a setting, of this name is secret."""
    return bool(re.fullmatch(_NAME, name, re.IGNORECASE))


def _without_login(match: re.Match[str]) -> str:
    """The start of a URL without its login. The account of an ssh address (git@) is no secret, and has to stay."""
    scheme, sign, login = match[1], match[2], match[3]
    account = re.split(":|%3A", login, flags=re.IGNORECASE)[0] if "ssh" in scheme.lower() else ""
    return f"{scheme}{sign}{account}{match[0][len(scheme + sign + login) :] if account else ''}"


@cache
def _any_of(secrets: frozenset[str]) -> re.Pattern[str]:
    """A pattern that finds the longest of these texts; a short one only where it is a word of its own."""
    parts = [
        re.escape(text) if len(text) >= _LONG else rf"(?<!\w){re.escape(text)}(?!\w)"
        for text in sorted(secrets, key=len, reverse=True)
    ]
    return re.compile("|".join(parts))
