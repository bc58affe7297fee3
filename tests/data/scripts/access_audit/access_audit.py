#!/usr/bin/env python3
"""Audit the log of sshd: who came in, from where, and what looks wrong.

    access_audit.py report auth.log --format markdown
    access_audit.py baseline auth.log --state baseline.json
    access_audit.py rules

The environment variable AUDIT_TRUSTED holds networks that nobody has to look at, separated by commas.
"""

from __future__ import annotations

import argparse
import enum
import ipaddress
import json
import logging
import logging.config
import os
import pickle
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

__version__ = "2.3"

logger = logging.getLogger(__name__)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LINE = re.compile(
    r"""
    ^(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\s
    (?P<host>\S+)\s
    sshd\[(?P<pid>\d+)\]:\s
    (?P<text>.*)$
    """,
    re.VERBOSE,
)
ACCEPTED = re.compile(r"^Accepted (?P<method>\S+) for (?P<user>\S+) from (?P<address>\S+) port \d+")
FAILED = re.compile(r"^Failed (?P<method>\S+) for (?:invalid user )?(?P<user>\S+) from (?P<address>\S+) port \d+")
CLOSED = re.compile(r"^(?:Connection closed|Disconnected)")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)-7s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
}


# ---- what is audited ---------------------------------------------------------


class Severity(enum.IntEnum):
    """How bad a finding is."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @classmethod
    def named(cls, name: str) -> Severity:
        """The severity of a name; for argparse."""
        try:
            return cls[name.upper()]
        except KeyError:
            raise argparse.ArgumentTypeError(
                f"{name} is none of {', '.join(one.name.lower() for one in cls)}"
            ) from None


class AuditError(Exception):
    """Something that the caller can mend."""


@dataclass(frozen=True, order=True)
class Event:
    """One attempt to log in."""

    time: datetime
    host: str
    user: str
    address: str
    method: str
    is_accepted: bool


@dataclass(frozen=True)
class Finding:
    """What a rule has found."""

    rule: str
    severity: Severity
    subject: str
    text: str
    events: int = 1

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return {**asdict(self), "severity": self.severity.name.lower()}


@dataclass
class Audit:
    """All that is known of one log."""

    path: Path
    events: list[Event] = field(default_factory=list)
    skipped: int = 0

    cache_version: ClassVar[int] = 1

    @property
    def accepted(self) -> list[Event]:
        return [event for event in self.events if event.is_accepted]

    @property
    def failed(self) -> list[Event]:
        return [event for event in self.events if not event.is_accepted]

    def since(self, moment: datetime | None) -> Audit:
        """The same from a moment on."""
        if moment is None:
            return self
        return Audit(self.path, [event for event in self.events if event.time >= moment], self.skipped)


# ---- reading -----------------------------------------------------------------


def trusted_networks(text: str | None = None) -> list[Network]:
    """The networks of AUDIT_TRUSTED."""
    text = os.environ.get("AUDIT_TRUSTED", "") if text is None else text
    try:
        return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise AuditError(f"AUDIT_TRUSTED: {error}") from error


def parse_line(line: str) -> Event | None:
    """The attempt that a line tells of; None where it tells of none.

    >>> parse_line("2026-01-01T10:00:00 web1 sshd[1]: Accepted publickey for ada from 192.0.2.1 port 22 ssh2").user
    'ada'
    >>> parse_line("2026-01-01T10:00:00 web1 sshd[1]: Connection closed by 192.0.2.1")
    """
    found = LINE.match(line)
    if not found:
        raise ValueError(line)
    for pattern, is_accepted in ((ACCEPTED, True), (FAILED, False)):
        if attempt := pattern.match(found["text"]):
            return Event(
                datetime.fromisoformat(found["time"]),
                found["host"],
                attempt["user"],
                attempt["address"],
                attempt["method"],
                is_accepted,
            )
    if not CLOSED.match(found["text"]):
        logger.debug("not an attempt: %s", found["text"])
    return None


def read_events(path: Path) -> Audit:
    """Every attempt of a log; lines that are none of sshd's are counted."""
    audit = Audit(path)
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise AuditError(f"cannot read {path}: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        try:
            event = parse_line(line)
        except ValueError:
            audit.skipped += 1
            logger.warning("%s:%d is no line of sshd's", path, number)
            continue
        if event:
            audit.events.append(event)
    audit.events.sort()
    return audit


def read_cached(path: Path, cache: Path | None) -> Audit:
    """The same, from a pickle if there is one of this log."""
    if cache and cache.exists():
        with cache.open("rb") as file:
            version, audit = pickle.load(file)
        if version == Audit.cache_version and audit.path == path:
            logger.info("from %s", cache)
            return audit  # type: ignore[no-any-return]
    audit = read_events(path)
    if cache:
        with cache.open("wb") as file:
            pickle.dump((Audit.cache_version, audit), file)
        with cache.open("rb") as file:
            assert pickle.load(file)[1].events == audit.events
        logger.debug("kept in %s", cache)
        cache.unlink()
    return audit


# ---- rules -------------------------------------------------------------------

Rule = Callable[[Audit], Iterator[Finding]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register a rule."""

    def register(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return register


@rule("brute-force")
def _brute_force(audit: Audit, limit: int = 3, window: timedelta = timedelta(minutes=10)) -> Iterator[Finding]:
    """Many failures from one address in a short time."""
    by_address: dict[str, list[Event]] = defaultdict(list)
    for event in audit.failed:
        by_address[event.address].append(event)
    for address, events in sorted(by_address.items()):
        for first, last in zip(events, events[limit - 1 :]):
            if last.time - first.time <= window:
                came_in = any(one.address == address and one.time >= first.time for one in audit.accepted)
                severity = Severity.HIGH if came_in else Severity.MEDIUM
                text = f"{len(events)} failures" + (", then it came in" if came_in else "")
                yield Finding("brute-force", severity, address, text, len(events))
                break


@rule("root-login")
def _root_login(audit: Audit) -> Iterator[Finding]:
    """Somebody came in as root."""
    for host, count in sorted(Counter(event.host for event in audit.accepted if event.user == "root").items()):
        yield Finding("root-login", Severity.HIGH, host, f"root came in {count} times", count)


@rule("password")
def _password(audit: Audit) -> Iterator[Finding]:
    """Somebody came in with a password instead of a key."""
    found = Counter((event.user, event.host) for event in audit.accepted if event.method == "password")
    for (user, host), count in sorted(found.items()):
        yield Finding("password", Severity.MEDIUM, f"{user}@{host}", "with a password", count)


@rule("at-night")
def _at_night(audit: Audit) -> Iterator[Finding]:
    """Somebody came in between midnight and five."""
    found = Counter(event.user for event in audit.accepted if event.time.hour < 5)
    for user, count in sorted(found.items()):
        yield Finding("at-night", Severity.LOW, user, "between midnight and five", count)


def judge(audit: Audit, names: Iterable[str] = (), trusted: Sequence[Network] = ()) -> list[Finding]:
    """What the rules find, the worst first; attempts from trusted networks are left out."""
    known = Audit(
        audit.path,
        [event for event in audit.events if not any(ipaddress.ip_address(event.address) in net for net in trusted)],
        audit.skipped,
    )
    logger.debug("%d of %d attempts are from elsewhere", len(known.events), len(audit.events))
    findings = [finding for name in (list(names) or RULES) for finding in RULES[name](known)]
    return sorted(findings, key=lambda one: (-one.severity, one.rule, one.subject))


# ---- reports -----------------------------------------------------------------


def to_text(audit: Audit, findings: Sequence[Finding]) -> str:
    """The report for a terminal."""
    lines = [f"{audit.path}: {len(audit.accepted)} accepted, {len(audit.failed)} failed, {audit.skipped} skipped"]
    lines += [f"  {one.severity.name:<6} {one.rule}: {one.subject}, {one.text}" for one in findings]
    return "\n".join(lines)


def to_json(audit: Audit, findings: Sequence[Finding]) -> str:
    """The report for programs."""
    return json.dumps(
        {
            "version": __version__,
            "log": str(audit.path),
            "accepted": len(audit.accepted),
            "failed": len(audit.failed),
            "findings": [one.as_dict() for one in findings],
        },
        indent=2,
    )


def to_markdown(audit: Audit, findings: Sequence[Finding]) -> str:
    """The report for an issue."""
    rows = "\n".join(f"| {one.severity.name.lower()} | {one.rule} | `{one.subject}` | {one.text} |" for one in findings)
    return f"## {audit.path}\n\n| severity | rule | subject | what |\n|---|---|---|---|\n{rows}"


FORMATS: dict[str, Callable[[Audit, Sequence[Finding]], str]] = {
    "text": to_text,
    "json": to_json,
    "markdown": to_markdown,
}


# ---- subcommands -------------------------------------------------------------


def _report(options: argparse.Namespace) -> int:
    audit = read_cached(options.log, options.cache).since(options.since)
    findings = judge(audit, options.rule, trusted_networks())
    print(FORMATS[options.format](audit, findings))
    worst = max((one.severity for one in findings), default=None)
    if options.fail_on and worst and worst >= options.fail_on:
        logger.error("the worst is %s", worst.name.lower())
        return 10 + worst
    return 0


def _baseline(options: argparse.Namespace) -> int:
    audit = read_events(options.log)
    pairs = sorted({f"{event.user}@{event.host}" for event in audit.accepted})
    if options.dry_run:
        print("\n".join(f"would record {pair}" for pair in pairs))
        return 0
    temporary = options.state.with_suffix(".tmp")
    temporary.write_text(json.dumps({"known": pairs}, indent=2) + "\n")
    temporary.replace(options.state)
    logger.info("recorded %d pairs in %s", len(pairs), options.state)
    return 0


def _rules(options: argparse.Namespace) -> int:
    for name, function in RULES.items():
        print(f"{name:<12} {(function.__doc__ or '').strip()}")
    return 0


def _explode(options: argparse.Namespace) -> int:
    raise AuditError("this is how a bug looks")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Audit the log of sshd.", epilog=f"Version {__version__}.", allow_abbrev=False
    )
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    report = commands.add_parser("report", help="judge a log")
    report.add_argument("log", type=Path)
    report.add_argument("--format", choices=FORMATS, default="text")
    report.add_argument("--rule", choices=RULES, action="append", default=[])
    report.add_argument("--since", type=_moment, metavar="TIME")
    report.add_argument("--fail-on", type=Severity.named, metavar="SEVERITY")
    report.add_argument("--cache", type=Path, metavar="FILE")
    report.set_defaults(call=_report)

    baseline = commands.add_parser("baseline", help="record who comes in")
    baseline.add_argument("log", type=Path)
    baseline.add_argument("--state", type=Path, required=True)
    baseline.add_argument("--dry-run", action="store_true")
    baseline.set_defaults(call=_baseline)

    commands.add_parser("rules", help="list the rules").set_defaults(call=_rules)
    commands.add_parser("explode", help="show how a bug looks").set_defaults(call=_explode)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand and return the exit code."""
    options = build_parser().parse_args(argv)
    logging.config.dictConfig(LOGGING)
    if options.verbose:
        logging.getLogger().setLevel(logging.DEBUG)
    try:
        return int(options.call(options))
    except AuditError as error:
        if options.command == "explode":
            raise
        logger.error("%s", error)
        return 2


if __name__ == "__main__":
    sys.exit(main())
