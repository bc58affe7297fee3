"""When a failed request to a remote is tried again."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

TRIES = 3
LONGEST = 3700.0  # seconds; forges count by the hour, so a longer wait would be for something else
_SECONDARY = 60.0  # seconds that GitHub asks for when it names no time

# Messages of git and of the forges' programs: a failure of the network, and one that no other try can change.
_NETWORK = re.compile(
    r"could not resolve|connection (?:refused|reset|timed out)|failed to connect|couldn't connect|error connecting"
    r"|timed? ?out|no answer within|early eof|unexpected disconnect|hung up unexpectedly|rpc failed|temporary failure"
    r"|no such host|network is unreachable|tls handshake|unexpected eof|gnutls|ssl_|empty reply"
    r"|returned error: (?:429|50[0234])",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"denied|authentication failed|could not read username|not found|does not exist|not appear to be|certificate",
    re.IGNORECASE,
)


def backoff(tried: int) -> float:
    """Seconds to wait after `tried` tries: 2, 8, ..."""
    return 2.0 * 4.0 ** (tried - 1)


def is_network_failure(message: str) -> bool:
    """Whether a program's message reports a failure of the network."""
    return bool(_NETWORK.search(message)) and not _FINAL.search(message)


def delay(status: int, headers: Mapping[str, str], message: str, *, now: float, tried: int) -> float | None:
    """Seconds to wait before the request is made again; None if another try would not help.

    The names of `headers` are in lower case; `status` 0 stands for no answer. Retry-After is seconds or a date (RFC
    9110, 10.2.3); X-RateLimit-Reset is in seconds since 1970
    (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
    """
    if after := headers.get("retry-after", "") if status in {403, 429, 503} else "":
        return _retry_after(after, now)
    if status in {403, 429} and (left := seconds_until_reset(headers, now)) is not None:
        return left
    if status == 429 or (status == 403 and re.search(r"rate limit|abuse", message, re.IGNORECASE)):  # noqa: PLR2004
        return _SECONDARY * tried
    return backoff(tried) if status in {500, 502, 503, 504} or (not status and is_network_failure(message)) else None


def seconds_until_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the forge's rate limit starts again, if no request is left; GitLab's headers have no X-."""
    for prefix in ("x-ratelimit", "ratelimit"):
        remaining, reset = headers.get(f"{prefix}-remaining", ""), headers.get(f"{prefix}-reset", "")
        if remaining.strip() == "0" and reset.strip().isdigit():
            return max(float(reset) - now, 0.0) + 1.0
    return None


def _retry_after(text: str, now: float) -> float:
    if text.strip().isdigit():
        return float(text)
    try:
        return max(parsedate_to_datetime(text.strip()).timestamp() - now, 0.0)
    except ValueError:
        return _SECONDARY
