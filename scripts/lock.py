"""Rewrites templates/locks.yml: one universal, hashed resolution of everything that templates/pins.yml names.

Needs uv and the package index. Whoever maintains the template runs it when a pin moves:

    python scripts/lock.py           # rewrite
    python scripts/lock.py --check   # exit 1 if that would change the file
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import Distribution, PackagePath
from importlib.util import find_spec
from pathlib import Path

import yaml

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
HEADER = """\
# One universal, hashed resolution of everything that pins.yml names. Written by `python scripts/lock.py`; don't edit.
# closures: what each direct requirement needs, with the environment marker (PEP 508), empty where it is always needed.
# modules: the top-level import names. hashes: one a line, because YAML reads one string much faster than a list.
locks:
  type: yaml
  when: false
  default:
"""
COMPILED_LINE = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+?))?(?P<hashes>(?: --hash=\S+)*)"
)
MODULE_SUFFIXES = frozenset({".py", ".so", ".pyd"})


class LockError(Exception):
    """What happened, in one sentence that ends with the next step."""


@dataclass(frozen=True)
class Pins:
    """What pins.yml asks for: the lowest Python minor, and a lower bound for each normalised name."""

    python: str
    at_least: Mapping[str, str]


@dataclass(frozen=True)
class Requirement:
    """One line that uv wrote: an exact version, its environment marker and the hashes of its files."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class Package:
    """One package of the lock: what pip needs to install it, and which names it takes in the import system."""

    version: str
    modules: tuple[str, ...]
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class Locks:
    """The content of locks.yml. `closures` maps each direct name to the packages it needs and their markers."""

    python: str
    closures: Mapping[str, Mapping[str, str]]
    packages: Mapping[str, Package]


# ---- pins.yml ---------------------------------------------------------------------------------------------------


def normalise(name: str) -> str:
    """Spell a distribution's name as PEP 503 does, so that one package has one key."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(path: Path) -> Pins:
    """Read the direct requirements from pins.yml; raises LockError if the file isn't what we know."""
    try:
        pins = yaml.safe_load(path.read_text(encoding="utf-8"))["pins"]["default"]
        direct = {**pins["dependencies"], **pins["tools"]}
        lowest = min(pins["python"]["versions"], key=_minor)
        return Pins(lowest, {normalise(name): str(at["at_least"]) for name, at in direct.items()})
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise LockError(f"Cannot read the pins from {path} ({error!r}); repair that file first.") from error


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


# ---- uv ---------------------------------------------------------------------------------------------------------


def uv_command() -> tuple[str, ...]:
    """Find uv: this interpreter's own, else the one on PATH."""
    if find_spec("uv"):
        return (sys.executable, "-m", "uv")
    if program := shutil.which("uv"):
        return (program,)
    raise LockError("uv is not installed; run `python -m pip install uv` and try again.")


def run_uv(verb: str, *arguments: str, text: str = "") -> str:
    """Run `uv pip` with `text` as its input and give what it printed; wheels only, so that nothing foreign runs."""
    command = (*uv_command(), "pip", verb, "--python", sys.executable, "--no-build", "--no-progress", *arguments)
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        reason = done.stderr.strip()
        raise LockError(f"`uv pip {verb}` failed:\n{reason}\nCheck pins.yml, and that uv reaches the package index.")
    return done.stdout


def compile_lines(requirements: Iterable[str], *options: str, python: str) -> dict[str, Requirement]:
    """Resolve for every platform and every Python from `python` up, in as few versions as there can be."""
    settings = ("--universal", "--python-version", python, "--fork-strategy", "fewest", "--no-annotate", "--no-header")
    text = "".join(f"{requirement}\n" for requirement in requirements)
    return parse(run_uv("compile", *settings, *options, "-", text=text))


def parse(text: str) -> dict[str, Requirement]:
    """Read what `uv pip compile` wrote; raises LockError if one package has two versions (a fork)."""
    found: dict[str, Requirement] = {}
    for line in re.sub(r" *\\\n *", " ", text).splitlines():
        requirement = parse_line(line)
        if other := found.get(requirement.name):
            versions = f"{other.version} and {requirement.version}"
            raise LockError(f"{other.name} needs two versions, {versions}; move a bound in pins.yml until one will do.")
        found[requirement.name] = requirement
    return found


def parse_line(line: str) -> Requirement:
    """Read `name==version ; marker --hash=...`."""
    match = COMPILED_LINE.fullmatch(line)
    if not match:
        raise LockError(f"uv wrote a line that this script does not know, {line!r}; try another version of uv.")
    hashes = tuple(sorted(match["hashes"].replace("--hash=", "").split()))
    return Requirement(normalise(match["name"]), match["version"], match["marker"] or "", hashes)


# ---- the three steps --------------------------------------------------------------------------------------------


def resolve(pins: Pins) -> Locks:
    """Resolve everything at once, then each name alone within that, then see which modules they bring."""
    with tempfile.TemporaryDirectory(prefix="lock-") as folder:
        asked = [f"{name}>={bound}" for name, bound in pins.at_least.items()]
        everything = compile_lines(asked, "--generate-hashes", python=pins.python)
        closures = resolve_closures(pins, everything, Path(folder))
        modules = installed_modules(everything.values(), Path(folder))
    packages = {
        name: Package(each.version, modules.get(name, (name.replace("-", "_"),)), each.hashes)
        for name, each in everything.items()
    }
    return Locks(f">={pins.python}", closures, packages)


def resolve_closures(pins: Pins, everything: Mapping[str, Requirement], folder: Path) -> dict[str, dict[str, str]]:
    """Resolve each direct name alone within the versions of `everything`, which makes its markers exact."""
    constraints = folder / "constraints.txt"
    constraints.write_text("".join(f"{each.name}=={each.version}\n" for each in everything.values()), encoding="utf-8")
    closure = partial(resolve_closure, constraints=constraints, python=pins.python)
    with ThreadPoolExecutor() as pool:
        return dict(zip(pins.at_least, pool.map(closure, pins.at_least), strict=True))


def resolve_closure(name: str, *, constraints: Path, python: str) -> dict[str, str]:
    """Give every package that `name` needs, itself included, with its marker."""
    lines = compile_lines([name], "--constraints", str(constraints), python=python)
    return {each.name: each.marker for each in lines.values()}


def installed_modules(requirements: Iterable[Requirement], folder: Path) -> dict[str, tuple[str, ...]]:
    """Install into a throwaway prefix what this platform can have, and list the modules of each package."""
    prefix, wanted = folder / "installed", folder / "requirements.txt"
    wanted.write_text("".join(requirement_lines(requirements)), encoding="utf-8")
    run_uv("install", "--prefix", str(prefix), "--no-deps", "--require-hashes", "--requirements", str(wanted))
    found = (Distribution.at(path) for path in prefix.rglob("*.dist-info"))
    return {normalise(each.name): top_level(each) for each in found}


def requirement_lines(requirements: Iterable[Requirement]) -> Iterator[str]:
    """Write pip's own format, for `--require-hashes`."""
    for each in requirements:
        marker = f" ; {each.marker}" if each.marker else ""
        yield " \\\n    --hash=".join((f"{each.name}=={each.version}{marker}", *each.hashes)) + "\n"


def top_level(distribution: Distribution) -> tuple[str, ...]:
    """List the names that `import` finds in a distribution, from its RECORD (PEP 376), so the same on each platform."""
    names = {module_name(path) for path in distribution.files or ()}
    return tuple(sorted(name for name in names if name.isidentifier() and name != "__pycache__"))


def module_name(path: PackagePath) -> str:
    """Give the top-level module that a file is, or is part of; empty for data and for what mypyc names by hash."""
    name = path.parts[0] if len(path.parts) > 1 else path.name.split(".")[0]
    return "" if path.suffix not in MODULE_SUFFIXES or name.endswith("__mypyc") else name


# ---- locks.yml --------------------------------------------------------------------------------------------------


def render(locks: Locks) -> str:
    """Write locks.yml: sorted, so that the same resolution gives the same bytes."""
    lines = [
        f"    python: {quoted(locks.python)}",
        "    closures:",
        *(closure_line(name, locks.closures[name]) for name in sorted(locks.closures)),
        "    packages:",
        *(package_lines(name, locks.packages[name]) for name in sorted(locks.packages)),
    ]
    return HEADER + "\n".join(lines) + "\n"


def closure_line(name: str, closure: Mapping[str, str]) -> str:
    """Write one closure as a flow mapping, on one line."""
    members = ", ".join(f"{plain(member)}: {quoted(closure[member])}" for member in sorted(closure))
    return f"      {plain(name)}: {{{members}}}"


def package_lines(name: str, package: Package) -> str:
    """Write one package, its hashes as a literal block."""
    modules = plain(" ".join(package.modules))
    fields = (f"version: {quoted(package.version)}", f"modules: {modules}", "hashes: |")
    lines = (*(f"        {field}" for field in fields), *(f"          {each}" for each in package.hashes))
    return "\n".join((f"      {plain(name)}:", *lines))


def plain(text: str) -> str:
    """Quote a name only if YAML takes it for something else, such as `on` or `3`."""
    return text if yaml.safe_load(text) == text else quoted(text)


def quoted(text: str) -> str:
    """Quote a value; a JSON string is a YAML one."""
    return json.dumps(text) if text else "''"


def replace(path: Path, text: str) -> None:
    """Write beside the file, then swap, so that nobody ever reads half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise LockError(f"Cannot write {path} ({error.strerror}); make it writable and try again.") from error


# ---- command ----------------------------------------------------------------------------------------------------


def update(templates: Path, *, check: bool) -> bool:
    """Bring locks.yml up to date, or only look if `check`; True if it differs from what was there."""
    path = templates / "locks.yml"
    text = render(resolve(read_pins(templates / "pins.yml")))
    differs = not path.exists() or path.read_bytes() != text.encode()
    if differs and not check:
        replace(path, text)
    return differs


def main(arguments: Sequence[str] | None = None) -> int:
    """Give the exit code: 0 done or nothing to do, 1 `--check` found a difference, 2 could not."""
    parser = argparse.ArgumentParser(description="Renew templates/locks.yml from templates/pins.yml.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the file would change")
    check = parser.parse_args(arguments).check
    try:
        differs = update(TEMPLATES, check=check)
    except LockError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    verb = ("would change; run `python scripts/lock.py`" if check else "is rewritten") if differs else "is up to date"
    sys.stdout.write(f"templates/locks.yml {verb}.\n")
    return 1 if differs and check else 0


if __name__ == "__main__":
    sys.exit(main())
