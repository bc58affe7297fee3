#!/usr/bin/env python3
"""Host lists: expand ranges, group by role, compare two lists."""
import re
import sys
from pathlib import Path
from typing import Iterator

import click
import yaml

__version__ = "1.4.0"
__all__ = ["expand_range", "parse", "grouped"]

RANGE = re.compile(r"\[(\d+)-(\d+)\]")


class BadRange(click.ClickException):
    """A range that counts down."""

    exit_code = 7


def expand_range(pattern: str) -> list[str]:
    """Each host that a pattern such as web[1-3] means, keeping leading zeros."""
    found = RANGE.search(pattern)
    if not found:
        return [pattern]
    first, last = found.groups()
    if int(first) > int(last):
        raise BadRange(f"{pattern} counts down")
    width = len(first) if first.startswith("0") else 0
    return [
        pattern[: found.start()] + str(number).zfill(width) + pattern[found.end() :]
        for number in range(int(first), int(last) + 1)
    ]


def parse(text: str) -> Iterator[str]:
    """Every host of a list: comments and empty lines are skipped, ranges expanded."""
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if line:
            yield from expand_range(line)


def grouped(hosts: list[str]) -> dict[str, list[str]]:
    """Hosts by role: what stands before the first digit."""
    roles: dict[str, list[str]] = {}
    for host in hosts:
        found = re.match(r"[a-z-]*[a-z]", host)
        roles.setdefault(found[0] if found else "other", []).append(host)
    return roles


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Work with host lists."""


@cli.command()
@click.argument("patterns", nargs=-1, required=True)
def expand(patterns: tuple[str, ...]) -> None:
    """Expand ranges."""
    for pattern in patterns:
        for host in expand_range(pattern):
            click.echo(host)


@cli.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--as", "form", type=click.Choice(["text", "yaml"]), default="text")
def group(path: Path, form: str) -> None:
    """Group a list by role."""
    roles = grouped(list(parse(path.read_text())))
    if form == "yaml":
        click.echo(yaml.safe_dump(roles), nl=False)
        return
    for role, hosts in sorted(roles.items()):
        click.echo(f"{role}: {' '.join(hosts)}")


@cli.command()
@click.argument("new", type=click.File())
@click.argument("old", type=click.File())
def diff(new, old) -> None:
    """Compare two lists; ends with 1 when they differ."""
    one, other = set(parse(new.read())), set(parse(old.read()))
    for host in sorted(one | other):
        if (host in one) != (host in other):
            click.echo(("+" if host in one else "-") + host)
    sys.exit(1 if one != other else 0)


if __name__ == "__main__":
    cli()
