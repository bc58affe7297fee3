"""Small fleets: clones on disk or repositories behind a URL, of a template that is cheap to render."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.command import git
from support.history import Files, begin, checked_out, commit, extend
from support.small import ANSWERS, LINES, NEWER, make_template

TAGS = ("v1.0.0", "v1.1.0")
OLD: Files = {"task.py": LINES, "lib/x.py": LINES, "old.md": "Old.\n", ".gitignore": "*.log\n"}
NEW: Files = {"task.py": NEWER, "notes.md": "New.\n", "old.md": None}
QUESTIONS = "colour:\n  type: str\n  default: blue\n"


def template(folder: Path, *, old: Files = OLD, new: Files = NEW) -> Path:
    """A template with two versions."""
    return make_template(folder, {"v1.0.0": {"copier.yml": QUESTIONS, **old}, "v1.1.0": new})


def rendered(source: str, tag: str = "v1.0.0", **answers: Any) -> dict[str, Any]:
    """The files of a project at the template's first or second version."""
    files = {**OLD, **(NEW if tag == "v1.1.0" else {})}
    marks = {"_commit": tag, "_src_path": source, "colour": "blue", **answers}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in sorted(marks.items()))
    return {**{path: content for path, content in files.items() if content is not None}, ANSWERS: text}


def clone(folder: Path, source: Path | str, mine: Files | None = None, *, tag: str = "v1.0.0", **answers: Any) -> Path:
    """A clone of a project at that version, with a commit of what its people did."""
    stream = commit("Generate", rendered(str(source), tag, **answers)) + commit("Edit", mine or {"mine.txt": "Mine.\n"})
    return checked_out(begin(folder, stream))


def bare(folder: Path, source: Path | str, mine: Files | None = None, *, tag: str = "v1.0.0", **answers: Any) -> Path:
    """The same project as a bare repository that can be served."""
    stream = commit("Generate", rendered(str(source), tag, **answers)) + commit("Edit", mine or {"mine.txt": "Mine.\n"})
    begin(folder, stream, "--bare")
    served(folder)
    return folder


def served(folder: Path) -> None:
    """Let a bare repository be cloned without files, and pushed to over HTTP."""
    with (folder / "config").open("a") as file:
        file.write("[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n[http]\n\treceivepack = true\n")


def clones(folder: Path, source: Path, edits: Mapping[str, Files]) -> dict[str, Path]:
    """Several clones in a folder, by name."""
    return {name: clone(folder / name, source, mine) for name, mine in edits.items()}


def results(out: Path) -> dict[str, dict[str, Any]]:
    """The last line of each project in a folder of results, by the last part of its name."""
    lines = [json.loads(line) for path in sorted(out.glob("results-*.jsonl")) for line in path.read_text().splitlines()]
    return {result["name"].rpartition("/")[2]: result for result in lines}


def files_of(repository: Path, commit: str) -> dict[str, bytes]:
    """Every file of a commit."""
    listed = git("ls-tree", "-r", "-z", "--name-only", commit, at=repository).split("\0")
    return {path: content(repository, f"{commit}:{path}") for path in listed if path}


def content(repository: Path, name: str) -> bytes:
    """The bytes of an object."""
    command = ["git", "cat-file", "blob", name]
    return subprocess.run(command, cwd=repository, check=True, capture_output=True, env=os.environ).stdout


def unbundled(out: Path, result: Mapping[str, Any], repository: Path, into: Path) -> Path:
    """A copy of a repository with the commit of a result taken from its bundle, as `template`."""
    git("clone", "--quiet", "--no-hardlinks", str(repository), str(into), at=out)
    git("fetch", "--quiet", str(out / result["bundle"]), f"refs/heads/{result['target']}:template", at=into)
    return into


def plain(folder: Path, files: Files) -> Path:
    """A clone with these files in its one commit."""
    return checked_out(begin(folder, commit("Generate", files)))


def add(repository: Path, files: Files) -> None:
    """A commit on top, in a repository without a work tree."""
    extend(repository, commit("More", files, parent="refs/heads/trunk^0"))
