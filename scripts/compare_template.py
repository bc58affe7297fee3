"""Compares the template that a wheel carries with the trees of the release tags, and names what differs.

    python scripts/compare_template.py WHEEL CHECKOUT

CHECKOUT has every release tag. The ids of git's trees are compared, so no byte, name or mode can differ unseen. What
made the wheel is not used. The exit code is 1 if anything differs.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

BUNDLE = "new_ops_project/data/template.bundle"
COPIES = ("pins.yml", "locks.yml")
REQUIRED = {"copier.yml", "templates"}
EMBEDDED = ("copier.yml", "templates", "CHANGELOG.md")


def main(wheel: Path, checkout: Path) -> int:
    """Compare and say what differs; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        problems = list(differences(wheel, checkout, Path(folder)))
    for line in problems:
        print(line, file=sys.stderr)
    if not problems:
        print(f"{wheel.name} carries the template of {', '.join(tagged(checkout))}, tree for tree.")
    return 1 if problems else 0


def differences(wheel: Path, checkout: Path, folder: Path) -> Iterator[str]:
    """A line for each difference between the template in a wheel and the tags of a checkout."""
    embedded = folder / "embedded"
    with ZipFile(wheel) as archive:
        git("clone", "--quiet", "--mirror", archive.extract(BUNDLE, folder), str(embedded), at=folder)
        copies = {name: archive.read(f"new_ops_project/data/{name}") for name in COPIES}
    wanted, there = tagged(checkout), trees(embedded)
    release = f"v{wheel.name.split('-')[1]}"
    if release not in wanted:
        yield f"{release}: the version of the wheel is no tag with a template"
        return
    yield from (f"{tag}: a tag, but not in the wheel" for tag in wanted if tag not in there)
    yield from (f"{tag}: in the wheel, but no tag" for tag in there if tag not in wanted)
    for tag in wanted.keys() & there.keys():
        for name in wanted[tag].keys() | there[tag].keys():
            yield from compared(f"{tag}: {name}", wanted[tag].get(name), there[tag].get(name), checkout, embedded)
    commits = {git("rev-parse", f"{tag}^{{commit}}", at=embedded) for tag in there}
    others = {*git("rev-list", "--all", at=embedded).split()} - commits
    yield from (f"{commit}: a commit in the wheel that no tag names" for commit in others)
    for name, content in copies.items():
        if content.decode() != git("show", f"{release}:templates/{name}", at=checkout, strip=False):
            yield f"{release}: {name}, which the wheel has beside the bundle, is not that of the tag"


def tagged(checkout: Path) -> dict[str, dict[str, str]]:
    """What of each release is embedded; a tag whose commit has no template is no release of it."""
    return {tag: entries for tag, entries in trees(checkout, *EMBEDDED).items() if entries.keys() >= REQUIRED}


def trees(repository: Path, *names: str) -> dict[str, dict[str, str]]:
    """The entries of the commits of all release tags: mode, type and id, by name."""
    tags = git("tag", "--list", "v[0-9]*", at=repository).split()
    listed = {tag: git("ls-tree", tag, "--", *names, at=repository).splitlines() for tag in tags}
    return {tag: {name: entry for entry, name in (line.split("\t") for line in listed[tag])} for tag in tags}


def compared(what: str, wanted: str | None, there: str | None, checkout: Path, embedded: Path) -> Iterator[str]:
    """A line if an entry of a tag is not that of the wheel, and one for each file of a folder that differs."""
    if wanted == there:
        return
    yield f"{what}: {there or 'nothing'} in the wheel, {wanted or 'nothing'} in the tag"
    if wanted and there and " tree " in wanted and " tree " in there:
        objects = git("rev-parse", "--path-format=absolute", "--git-path", "objects", at=checkout)
        command = ("diff-tree", "-r", "--name-status", wanted.split()[2], there.split()[2])
        lines = git(*command, at=embedded, env={"GIT_ALTERNATE_OBJECT_DIRECTORIES": objects}).splitlines()
        yield from (f"{what}: {line.replace(chr(9), ' ')}" for line in lines)


def git(*args: str, at: Path, env: dict[str, str] | None = None, strip: bool = True) -> str:
    """The output of git."""
    done = subprocess.run(["git", *args], cwd=at, check=True, stdout=subprocess.PIPE, env={**os.environ, **(env or {})})
    text = done.stdout.decode()
    return text.strip() if strip else text


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]).resolve()))
