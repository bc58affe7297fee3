"""The cases a..v of docs/update.md as data."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.command import git, tree
from support.two_releases import two_tags

# Texts by path; None takes a file away.
Files = Mapping[str, str | None]

QUESTIONS = "name:\n  type: str\n  default: audit\ncolour:\n  type: str\n  default: blue\n"
ANSWERS_FILE = "{{ _copier_conf.answers_file }}.jinja"
PYTHONS = "python_version:\n  type: str\n  default: '{0}'\n  choices: ['{0}', '3.13']\n"

TASK = "".join(f"step_{number} = 'as the template wrote it'\n" for number in range(20))
NEWER_TASK = TASK.replace("step_18 = 'as the template wrote it'", "step_18 = 'as the next version wants it'")
MINE = "# what the user wrote\n"
EDITED_TASK = TASK.replace("step_2 = ", f"{MINE}step_2 = ")
EDITED_NEWER_TASK = NEWER_TASK.replace("step_2 = ", f"{MINE}step_2 = ")

SETTINGS = "".join(f"setting_{number} = {number}\n" for number in range(20))
PYPROJECT = f"[tool.ruff]\nline-length = 100\n\n[tool.ops]\n{SETTINGS}"
THEIR_MYPY = "[tool.mypy]\nstrict = true\n\n"
MY_MYPY = "\n[tool.mypy]\npretty = true\n"

HOOKS = (
    "applypatch-msg",
    "commit-msg",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-rewrite",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "reference-transaction",
)


@dataclass(frozen=True)
class Story:
    """What happens in a case: the template at v1.0.0, what v1.1.0 changes, and what the user did in between."""

    old: Files = field(default_factory=dict)
    new: Files = field(default_factory=dict)
    edits: Files = field(default_factory=dict)
    loose: Files = field(default_factory=dict)  # written, never committed
    config: Mapping[str, str] = field(default_factory=dict)
    version: str = "v1.0.0"


@dataclass(frozen=True)
class Case:
    """A story on disk: the template's repository, and the project in a folder of its own."""

    template: Path
    project: Path

    def text(self, path: str) -> str:
        """What a file of the project holds now."""
        return (self.project / path).read_text()

    def has(self, path: str) -> bool:
        """Whether the project has this file now."""
        return (self.project / path).exists()

    def records(self, source: str) -> None:
        """Let the answers file name another place of the template, in a commit."""
        write(
            self.project, {".copier-answers.yml": self.text(".copier-answers.yml").replace(str(self.template), source)}
        )
        commit(self.project, "The template moved")

    def state(self) -> tuple[str, str, dict[str, bytes]]:
        """Everything that an update could change: every ref, the index, every file."""
        refs = git("for-each-ref", at=self.project) + git("rev-parse", "HEAD", at=self.project)
        return refs, git("ls-files", "--stage", at=self.project), tree(self.project)


PLAIN = Story(
    old={"task.py.jinja": TASK, "README.md.jinja": "# {{ name }}\n"},
    new={"task.py.jinja": NEWER_TASK, "notes.md.jinja": "New.\n"},
    edits={"task.py": EDITED_TASK},
)

STORIES = {
    "a": Story(  # the template renames a file that the user edited
        old={"task.py.jinja": TASK},
        new={"task.py.jinja": None, "job.py.jinja": NEWER_TASK},
        edits={"task.py": EDITED_TASK},
    ),
    "b": Story(  # the template drops a file that the user edited
        old={"task.py.jinja": TASK},
        new={"task.py.jinja": None},
        edits={"task.py": EDITED_TASK},
    ),
    "c": Story(  # the user moved a file that the template changes
        old={"task.py.jinja": TASK},
        new={"task.py.jinja": NEWER_TASK},
        edits={"task.py": None, "lib/task.py": EDITED_TASK},
    ),
    "e": Story(  # the project ignores a file that the template manages
        old={".env.jinja": "LEVEL=info\n", ".gitignore": ".env\n", "README.md.jinja": "# {{ name }}\n"},
        new={".env.jinja": "LEVEL=debug\n"},
        loose={".env": "LEVEL=info\nTOKEN=mine\n"},
    ),
    "e, unchanged": Story(  # the same, and the new version changes another file
        old={".env.jinja": "LEVEL=info\n", ".gitignore": ".env\n", "README.md.jinja": "# {{ name }}\n"},
        new={"README.md.jinja": "# {{ name }}\n\nNewer.\n"},
        loose={".env": "LEVEL=info\nTOKEN=mine\n"},
    ),
    "f": Story(  # a new file of the template lies where an ignored one of the user's is
        new={"local.toml.jinja": "theirs = true\n"},
        edits={".gitignore": "local.toml\n"},
        loose={"local.toml": "mine = true\n"},
    ),
    "g": Story(  # the same with an untracked file that git was told not to show
        new={"notes.md.jinja": "Theirs.\n"},
        loose={"notes.md": "Mine.\n"},
        config={"status.showUntrackedFiles": "no"},
    ),
    "h": Story(  # both change the same line
        old={"task.py.jinja": TASK},
        new={"task.py.jinja": NEWER_TASK},
        edits={"task.py": TASK.replace("step_18 = 'as the template wrote it'", "step_18 = 'as I want it'")},
    ),
    "i": Story(  # both add the same TOML table in different places
        old={"pyproject.toml.jinja": PYPROJECT},
        new={"pyproject.toml.jinja": THEIR_MYPY + PYPROJECT},
        edits={"pyproject.toml": PYPROJECT + MY_MYPY},
    ),
    "j": Story(  # the template writes the name of the folder and its path into a file
        old={"README.md.jinja": "# {{ _folder_name }}\n\nIn {{ _copier_conf.dst_path }}\n\n\n\nEnd.\n"},
        new={"README.md.jinja": "# {{ _folder_name }}\n\nIn {{ _copier_conf.dst_path }}, now.\n\n\n\nEnd.\n"},
        edits={"README.md": "# {folder}\n\nIn {path}\n\n\n\nEnd.\nMine.\n"},
    ),
    "k": Story(  # a recorded answer is no longer offered
        old={"copier.yml": PYTHONS.format("3.9"), "python.txt.jinja": "{{ python_version }}\n"},
        new={"copier.yml": PYTHONS.format("3.12")},
    ),
    "l": Story(  # a new question has no default
        new={"copier.yml": f"{QUESTIONS}owner:\n  type: str\n", "OWNER.jinja": "{{ owner }}\n"},
    ),
    "m": Story(
        old=PLAIN.old, edits=PLAIN.edits, version="v1.1.0"
    ),  # a managed file drifted, the template did not change
    "n": Story(old=PLAIN.old, new=PLAIN.new, edits={".copier-answers.yml": None}),  # no answers file
    **dict.fromkeys("opqrstuv", PLAIN),  # nothing special in the files: what is special is around them
}


def make(letter: str, root: Path) -> Case:
    """The case on disk below `root`: a template with two tags, and a committed project of the old one."""
    story = STORIES[letter]
    template = make_template(root / "template", story)
    return Case(template, make_project(root / "audit", str(template), story))


def make_template(folder: Path, story: Story) -> Path:
    """A git repository with the tags v1.0.0 and v1.1.0."""
    folder.mkdir(parents=True)
    git("init", "--quiet", at=folder)
    answers = "{{ _copier_answers|to_nice_yaml -}}\n"
    for tag, files in {
        "v1.0.0": {"copier.yml": QUESTIONS, ANSWERS_FILE: answers, **story.old},
        "v1.1.0": story.new,
    }.items():
        write(folder, files)
        commit(folder, f"Release {tag}")
        git("tag", tag, at=folder)
    return folder


def make_project(folder: Path, source: str, story: Story, **answers: Any) -> Path:
    """What plain copier makes of the template, committed, with what the user did since."""
    generate(source, folder, story.version, answers)
    git("init", "--quiet", at=folder)
    for name, value in story.config.items():
        git("config", name, value, at=folder)
    commit(folder, "Generate")
    filled = {"{folder}": folder.name, "{path}": str(folder)}
    write(folder, {path: text and replaced(text, filled) for path, text in story.edits.items()})
    commit(folder, "Edit")
    write(folder, story.loose)
    return folder


def make_tiers(root: Path, *, is_careful: bool = True) -> Case:
    """Case d: our own template at two versions, and a script of it whose one file holds the user's code.

    Unless it `is_careful`, the template writes the script in updates, too.
    """
    root.mkdir(parents=True, exist_ok=True)
    template = two_tags(root / "template")
    if not is_careful:
        _forget_the_script(template)
    project = root / "rotate-keys"
    generate(str(template), project, "v1.1.0", {"project_name": "Rotate Keys", "tier": "script"})
    git("init", "--quiet", at=project)
    commit(project, "Generate")
    code = project / "rotate_keys.py"
    code.write_text(f"{code.read_text()}\n\n{MINE}")
    commit(project, "Edit")
    return Case(template, project)


def _forget_the_script(template: Path) -> None:
    """Let the newest version of the template lack the line that leaves the script out of updates."""
    config = template / "copier.yml"
    lines = config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if "_copier_operation" not in line))
    git("commit", "--quiet", "--all", "--message=careless", at=template)
    git("tag", "--force", "--message=v1.1.0", "v1.1.0", at=template)


def generate(source: str, into: Path, version: str, answers: Mapping[str, Any]) -> None:
    """Let copier render; it would otherwise give its git the environment in which it was imported."""
    import copier
    from plumbum import local

    with local.env(**os.environ):
        copier.run_copy(source, into, data=dict(answers), vcs_ref=version, defaults=True, quiet=True)


def write(folder: Path, files: Files) -> None:
    """Write the texts, and delete the files without one."""
    for path, text in files.items():
        file = folder / path
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


def commit(folder: Path, message: str) -> None:
    """Commit everything that is not ignored, whether or not anything changed."""
    git("add", "--all", at=folder)
    git("commit", "--quiet", "--allow-empty", f"--message={message}", at=folder)


def replaced(text: str, by: Mapping[str, str]) -> str:
    """`text` with every key of `by` replaced by its value."""
    for old, new in by.items():
        text = text.replace(old, new)
    return text


def log_hooks(folder: Path, log: Path) -> None:
    """Make `folder` the global one for hooks: each appends the folder that git runs it in, and its name, to `log`."""
    folder.mkdir()
    for name in HOOKS:
        hook = folder / name
        hook.write_text(f'#!/bin/sh\necho "$(pwd) {name}" >> "{log}"\n')
        hook.chmod(0o755)
    git("config", "--global", "core.hooksPath", str(folder), at=folder)
