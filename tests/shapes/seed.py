"""The template with two releases that the projects of all shapes have, with what an update must make of them."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from support.command import ROOT, git
from support.history import Files, begin, entry, link, program, version
from support.small import CLASH, LINES, NEWER

from new_ops_project.git.tree import Entry

Entries = Mapping[str, Entry]

NAME = "audit"
ANSWERS, SECOND_ANSWERS = ".copier-answers.yml", ".copier-answers.docs.yml"
SCRIPT, TASK = f"{NAME}.py", f"src/{NAME}/task.py"
CLASHING = ("ops/clash.txt", "team/clash.txt")
DRIFTING = {".editorconfig": b"charset = utf-8\n", ".github/dependabot.yml": b"      default-days: 7\n"}

# What the template has beside our own files: every kind of change between its two releases, in two folders.
OLD: Files = {
    "ops/words.txt": LINES,
    "ops/clash.txt": LINES,
    "ops/old/moved.txt": "".join(f"word {number}\n" for number in range(9)),
    "ops/gone.txt": "Gone.\n",
    "ops/Case.txt": "Case.\n",
    "ops/run.sh": "#!/bin/sh\necho old\n",
    "ops/tool.sh": program("#!/bin/sh\necho old\n"),
    "ops/link": link("words.txt"),
    "ops/logo.bin": b"\0old\r\n\xff",
    "team/words.txt": LINES,
    "team/clash.txt": LINES,
}
CHANGES: Files = {
    "ops/words.txt": NEWER,
    "ops/clash.txt": NEWER,
    "ops/old/moved.txt": None,
    "ops/new/moved.txt": OLD["ops/old/moved.txt"],
    "ops/gone.txt": None,
    "ops/Case.txt": None,
    "ops/case.txt": "Case.\n",
    "ops/run.sh": program("#!/bin/sh\necho new\n"),
    "ops/tool.sh": program("#!/bin/sh\necho new\n"),
    "ops/link": link("new/moved.txt"),
    "ops/logo.bin": b"\0new\r\n\xff",
    "ops/fresh.txt": "Fresh.\n",
    "team/words.txt": NEWER,
    "team/clash.txt": NEWER,
    "team/fresh.txt": "Fresh.\n",
}
MINE = LINES.replace("line 2\n", "line 2, mine\n")
MERGED = {"ops/words.txt": NEWER.replace("line 2\n", "line 2, mine\n"), "team/words.txt": NEWER}
CODE = '''"""Audit."""

import argparse


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    print(parser.parse_args().name)


if __name__ == "__main__":
    main()
'''
# What a user adds: tracked files of every kind, and files that git ignores.
OWN: dict[str, str | bytes | Entry] = {
    "ops/words.txt": MINE,
    SCRIPT: CODE,
    "mine/notes.txt": "Mine.\n",
    "mine/zwei Wörter.sh": program("#!/bin/sh\n"),
    "mine/data.bin": b"\0\r\n\n\xff",
}
IGNORED: dict[str, str | bytes | Entry] = {
    ".env": "TOKEN=x\n",
    "state.json": "{}\n",
    ".venv/bin/python": program("#!/bin/sh\n"),
}
RESOLVED = NEWER.replace("line 18, newer\n", "line 18, both\n")


@dataclass(frozen=True)
class Seed:
    """The repository of the template, that of a second one, and the files of a project of both first releases."""

    template: Path
    second: Path
    files: Entries
    second_files: Entries

    def committed(self, edits: str) -> dict[str, Entry]:
        """The files of the project as the user has committed them.

        `edits`: `clean`, `clash` (the same lines as the template's next release), `drift` (files that lack a line), or
        `bare`, without the template.
        """
        if edits == "bare":
            return {path: entry(content) for path, content in OWN.items()}
        mine = {**OWN, **(dict.fromkeys(CLASHING, CLASH) if edits == "clash" else {})}
        entries = {path: (self.files[path], line) for path, line in DRIFTING.items()}
        own = {path: replace(old, content=old.content.replace(line, b"", 1)) for path, (old, line) in entries.items()}
        return {**self.files, **{path: entry(text) for path, text in mine.items()}, **(own if edits == "drift" else {})}


def plant(folder: Path) -> Seed:
    """Make the two templates in a folder, and a project of the first releases with `new`, whose files are kept."""
    paths = [ROOT / "copier.yml", *(path for path in (ROOT / "templates").rglob("*") if path.is_file())]
    ours = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    ours["copier.yml"] = ours["copier.yml"].replace(b"\n_subdirectory:", b"\n_preserve_symlinks: true\n_subdirectory:")
    old, new = ({f"templates/project/{path}": text for path, text in files.items()} for files in (OLD, CHANGES))
    template = begin(folder / "template", version("v1.0.0", {**ours, **old}) + version("v1.1.0", new))
    answers = {"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers|to_nice_yaml -}}\n"}
    first = {"copier.yml": "colour:\n  type: str\n  default: blue\n", "docs/guide.md": LINES, **answers}
    second = begin(folder / "second", version("v1.0.0", first) + version("v1.1.0", {"docs/guide.md": NEWER}))
    project = folder / NAME
    options = ("--defaults", "--tier", "script", "--template", template, "--ref", "v1.0.0", "--path", project)
    subprocess.run(["new-ops-project", "new", NAME, *options], check=True, capture_output=True)
    record = f"_commit: v1.0.0\n_src_path: {second}\ncolour: blue\n"
    return Seed(template, second, _tree(project), {"docs/guide.md": entry(LINES), SECOND_ANSWERS: entry(record)})


def _tree(project: Path) -> dict[str, Entry]:
    """The files of the project's last commit."""
    rows = (line.split() for line in git("ls-tree", "-r", "HEAD", at=project).splitlines())
    names = {path: (mode, blob) for mode, _, blob, path in rows}
    return {path: Entry(mode, _blob(project, blob)) for path, (mode, blob) in names.items()}


def _blob(project: Path, blob: str) -> bytes:
    return subprocess.run(["git", "cat-file", "blob", blob], cwd=project, check=True, capture_output=True).stdout


def updated(files: Entries) -> dict[str, Entry]:
    """What an update without conflicts must make of the project's files."""
    changes = {path: None if content is None else entry(content) for path, content in {**CHANGES, **MERGED}.items()}
    answers = files[ANSWERS]
    changes[ANSWERS] = Entry(answers.mode, answers.content.replace(b"_commit: v1.0.0\n", b"_commit: v1.1.0\n"))
    return {path: kept for path, kept in {**files, **changes}.items() if kept is not None}


def environment(home: Path, shared: Path, temporary: Path) -> dict[str, str]:
    """The variables for a run: a home of its own, a cache that all share, and a folder for temporary files."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "NEW_OPS_", "XDG_", "CI"))
    }
    editor = 'sh -c \'echo "By hand" > "$1"\' --'
    homes = {"HOME": home, "XDG_CONFIG_HOME": home / "config", "XDG_CACHE_HOME": shared / "cache"}
    homes |= {"XDG_DATA_HOME": shared / "data", "TMPDIR": temporary}
    for folder in (home, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    settings = "[user]\n\tname = Ada Ops\n\temail = ada@example.org\n[init]\n\tdefaultBranch = trunk\n"
    settings += '[protocol "file"]\n\tallow = always\n'
    (home / ".gitconfig").write_text(settings)
    fixed = {"GIT_CONFIG_SYSTEM": os.devnull, "GIT_EDITOR": editor, "NO_COLOR": "1", "COLUMNS": "1000"}
    fixed |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **fixed, **{name: str(path) for name, path in homes.items()}}
