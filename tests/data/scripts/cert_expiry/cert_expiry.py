#!/usr/bin/env python3
"""Say which certificates of the inventory are about to expire.

The inventory is a CSV file with the columns name, owner, not_after.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

INVENTORY = Path("certs.csv")  # where the job puts it
WARN_DAYS = 30


@dataclass(frozen=True)
class Certificate:
    """One line of the inventory."""

    name: str
    owner: str
    not_after: str

    @property
    def expires(self) -> date:
        """The last day on which it is valid."""
        return date.fromisoformat(self.not_after)


class InventoryError(Exception):
    """The inventory cannot be read."""


def read(path: Path) -> list[Certificate]:
    """Every certificate of an inventory, the next to expire first."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = [Certificate(**row) for row in csv.DictReader(file)]
    except FileNotFoundError as error:
        raise InventoryError(f"no inventory at {path}") from error
    except TypeError as error:
        raise InventoryError(f"{path} lacks a column: {error}") from error
    return sorted(found, key=lambda one: (one.expires, one.name))


def days_left(certificate: Certificate, today: date) -> int:
    """How many days a certificate is still valid; negative once it has expired."""
    return (certificate.expires - today).days


def show(options: argparse.Namespace) -> int:
    """Print the inventory."""
    for one in read(options.inventory):
        if not options.owner or one.owner == options.owner:
            print(f"{one.not_after}  {one.name:<24} {one.owner}")
    return 0


def check(options: argparse.Namespace) -> int:
    """Print what expires soon; 1 if anything does, 2 if something has expired already."""
    soon = [one for one in read(options.inventory) if days_left(one, options.today) <= options.days]
    gone = [one for one in soon if days_left(one, options.today) < 0]
    if options.json:
        print(json.dumps([{**asdict(one), "days": days_left(one, options.today)} for one in soon], indent=2))
    else:
        for one in soon:
            left = days_left(one, options.today)
            word = f"expired {-left} days ago" if left < 0 else f"expires in {left} days"
            print(f"{one.name}: {word} ({one.owner})")
    if gone:
        print(f"{len(gone)} expired", file=sys.stderr)
        return 2
    return 1 if soon else 0


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inventory", type=Path, default=INVENTORY, help="default: %(default)s")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="print the inventory")
    listing.add_argument("--owner", help="only of this team")
    listing.set_defaults(call=show)
    checking = commands.add_parser("check", help="print what expires soon")
    checking.add_argument("--days", type=int, default=WARN_DAYS)
    checking.add_argument("--today", type=date.fromisoformat, default=date.today())
    checking.add_argument("--json", action="store_true")
    checking.set_defaults(call=check)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit code."""
    options = build_parser().parse_args(argv)
    try:
        return int(options.call(options))
    except InventoryError as error:
        print(f"error: {error}", file=sys.stderr)
        return 4


if __name__ == "__main__":
    sys.exit(main())
