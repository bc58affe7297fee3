"""The SPDX expressions (https://spdx.org/licenses/) for licenses as people write them."""

import re

from packaging.licenses import canonicalize_license_expression

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

# A license, words in the first lines of its text, and words that have to be there as well.
_SIGNS = (
    ("Apache-2.0", "apache license", "version 2.0"),
    ("MIT", "mit license", ""),
    ("MIT", "permission is hereby granted, free of charge", "to deal"),
    ("GPL-3.0-only", "gnu general public license", "version 3"),
    ("MPL-2.0", "mozilla public license", "version 2.0"),
    ("LicenseRef-Proprietary", "proprietary", ""),
)


def spdx_expression(text: str) -> str:
    """The SPDX expression for a license's name, or for a classifier that begins with `License ::`; '' if unknown."""
    name = text.rpartition("::")[2]
    if _PROPRIETARY.search(name):
        return "LicenseRef-Proprietary"
    if known := _NAMES.get(_plain(name)):
        return known
    try:
        return canonicalize_license_expression(name.strip())
    except (ValueError, RecursionError):
        return ""


def _plain(name: str) -> str:
    """The name without the words and punctuation that some people write and others leave out."""
    bare = re.sub(r"\((?:mit|mpl 2\.0|isc[a-z]*|unlicense|[al]?gplv\d\+?)\)", "", name.lower())
    return " ".join(_FILLERS.sub(" ", re.sub(r"[-,_\"']", " ", bare)).split())


def identify_text(text: str) -> tuple[str, str, int]:
    """The SPDX expression for a license's text ('' if unknown), the line that shows it, and its 1-based number."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    head = " ".join(line for _, line in lines[:12]).lower()
    for known, sign, needed in _SIGNS:
        if needed in head and (match := next((item for item in lines[:12] if sign in item[1].lower()), None)):
            return known, match[1], match[0]
    number, line = next(iter(lines), (1, ""))
    if not re.search(r"permission|permitted|redistribut|licen[sc]e", text, re.IGNORECASE) and _PROPRIETARY.search(text):
        return "LicenseRef-Proprietary", line, number
    return "", line[:80], number
