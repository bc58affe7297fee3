"""Licenses as people name them, as SPDX expressions: https://spdx.org/licenses/."""

import re

_NAMES = {
    "mit": "MIT",
    "expat": "MIT",
    "isc": "ISC",
    "unlicense": "Unlicense",
    "mpl 2.0": "MPL-2.0",
    "apache 2.0": "Apache-2.0",
    "apache": "Apache-2.0",
    "bsd 3 clause": "BSD-3-Clause",
    "bsd 2 clause": "BSD-2-Clause",
    "new bsd": "BSD-3-Clause",
    "mozilla public 2.0": "MPL-2.0",
    "gplv3": "GPL-3.0-only",
    "gplv2": "GPL-2.0-only",
    "gpl 3": "GPL-3.0-only",
    "gplv3+": "GPL-3.0-or-later",
    "gplv2+": "GPL-2.0-or-later",
}
_PROPRIETARY = re.compile(r"\b(?:proprietary|all rights reserved|other/proprietary)\b", re.IGNORECASE)
_FILLERS = re.compile(r"\b(?:the|license|licence|software|version|v(?=\d)|osi approved|other/proprietary)\b")

# A license, what the first lines of its text hold, and what they must hold besides.
_SIGNS = (
    ("Apache-2.0", "apache license", "version 2.0"),
    ("MIT", "mit license", ""),
    ("MIT", "permission is hereby granted, free of charge", "to deal"),
    ("GPL-3.0-only", "gnu general public license", "version 3"),
    ("MPL-2.0", "mozilla public license", "version 2.0"),
    ("LicenseRef-Proprietary", "proprietary", ""),
)


def spdx_expression(text: str) -> str:
    """The SPDX expression for a license's name, or for a classifier that begins with `License ::`; '' if unsure."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    name = text.rpartition("::")[2]
    if _PROPRIETARY.search(name):
        return "LicenseRef-Proprietary"
    if found := _NAMES.get(_plain(name)):
        return found
    try:
        return canonicalize_license_expression(name.strip())
    except (InvalidLicenseExpression, RecursionError):
        return ""


def _plain(name: str) -> str:
    """The name without the words and signs that people write or leave out."""
    bare = re.sub(r"\((?:mit|mpl 2\.0|isc[a-z]*|unlicense|[al]?gplv\d\+?)\)", "", name.lower())
    return " ".join(_FILLERS.sub(" ", re.sub(r"[-,_\"']", " ", bare)).split())


def identify_text(text: str) -> tuple[str, str, int]:
    """Of a license's text: the SPDX expression ('' if unsure), the line that says so, and its 1-based number."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    head = " ".join(line for _, line in lines[:12]).lower()
    for known, sign, needed in _SIGNS:
        if needed in head and (found := next(((at, line) for at, line in lines[:12] if sign in line.lower()), None)):
            return known, found[1], found[0]
    number, line = next(iter(lines), (1, ""))
    if not re.search(r"permission|permitted|redistribut|licen[sc]e", text, re.IGNORECASE) and _PROPRIETARY.search(text):
        return "LicenseRef-Proprietary", line, number
    return "", line[:80], number
