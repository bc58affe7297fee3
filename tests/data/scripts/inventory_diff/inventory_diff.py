"""What changed between two inventories of hosts.

Prints a text for people or a JSON report for the next job in the pipeline, and
ends with 1 when something changed that --fail-on names.
"""
import argparse
import json
import logging
import sys
from collections import Counter
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

import colours
from inventory_io import Host, InventoryError, load

logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.INFO)
LOG = logging.getLogger()

KINDS = ("added", "removed", "changed")
Change = Dict[str, Any]


# --------------------------------------------------------------------------
# comparing

def _by_name(hosts: Iterable[Host]) -> Dict[str, Host]:
    found: Dict[str, Host] = {}
    for host in hosts:
        if host.name in found:
            LOG.warning("%s is there twice", host.name)
        found[host.name] = host
    return found


def _facts(before: Host, after: Host, ignored: Sequence[str]) -> List[Tuple[str, str, str]]:
    names = sorted((before.facts.keys() | after.facts.keys()) - set(ignored))
    pairs = ((name, before.facts.get(name, ""), after.facts.get(name, "")) for name in names)
    return [pair for pair in pairs if pair[1] != pair[2]]


def compare(before: Iterable[Host], after: Iterable[Host], ignored: Sequence[str] = ()) -> List[Change]:
    """Every change, by the name of the host."""
    one, other = _by_name(before), _by_name(after)
    changes: List[Change] = []
    for name in sorted(one.keys() | other.keys()):
        if name not in one:
            changes.append({"host": name, "kind": "added"})
        elif name not in other:
            changes.append({"host": name, "kind": "removed"})
        elif facts := _facts(one[name], other[name], ignored):
            changes.append({"host": name, "kind": "changed", "facts": facts})
    return changes


# --------------------------------------------------------------------------
# reporting

def to_json(changes: List[Change]) -> str:
    """The report for programs."""
    counts = Counter(change["kind"] for change in changes)
    return json.dumps({"counts": {kind: counts[kind] for kind in KINDS}, "changes": changes}, indent=1)


def to_text(changes: List[Change]) -> str:
    """The report for people."""
    if not changes:
        return "no changes"
    lines = []
    for change in changes:
        sign = {"added": "+", "removed": "-", "changed": "~"}[change["kind"]]
        lines.append(colours.paint(change["kind"], sign + " " + change["host"]))
        lines.extend("    %s: %s -> %s" % (name, old or "?", new or "?") for name, old, new in change.get("facts", ()))
    return "\n".join(lines)


def exit_code(changes: List[Change], fail_on: Optional[Sequence[str]]) -> int:
    """1 when there is a change of a kind that fails the job."""
    return int(any(change["kind"] in (fail_on or KINDS) for change in changes))


# --------------------------------------------------------------------------
# the command

def arguments(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--ignore", action="append", default=[], metavar="FACT")
    parser.add_argument("--fail-on", action="append", choices=KINDS)
    return parser.parse_args(argv)


def run(options: argparse.Namespace) -> int:
    try:
        changes = compare(load(options.before), load(options.after), options.ignore)
    except (InventoryError, OSError) as error:
        LOG.error("%s", error)
        return 3
    print(to_json(changes) if options.format == "json" else to_text(changes))
    if options.format == "text" and changes:
        import inventory_io as io
        print(io.legend(), file=sys.stderr)
    return exit_code(changes, options.fail_on)


if __name__ == "__main__":
    sys.exit(run(arguments()))
