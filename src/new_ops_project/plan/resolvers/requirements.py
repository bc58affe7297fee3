"""The resolver for requirements*.txt, which the template generates from the dependencies in pyproject.toml."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.formats import document
from new_ops_project.formats.document import decoded
from new_ops_project.formats.requirements import pep508, reader
from new_ops_project.git.tree import Tree
from new_ops_project.plan.draft import Draft
from new_ops_project.template import roles
from new_ops_project.template.evaluation import Answers

_PIN = re.compile(rb"^([A-Za-z0-9._-]+)==([^ ;\\\r\n]+)", re.MULTILINE)


def from_locks(draft: Draft, base: Tree, theirs: Tree, answers: Answers) -> Draft:
    """`draft` with the requirements files rendered again for the merged pyproject.toml, where that is necessary.

    It is necessary where one of them is in conflict, or where two of them pin a package to different versions. A
    merge by lines would mix pins of two resolutions, so all files are rendered together or none is. That takes
    a template whose locks (`locks` among its computed answers) hold every dependency of the project; otherwise the
    files stay as the user has them, and a note gives the command that renews them.
    """
    ours = _generated(draft, theirs) if answers.questionnaire.asks_our_questions else {}
    if not _is_mixed(draft, ours):
        return draft
    names = _names(draft)
    rendered = {path: _render(path, names, answers).encode() for path in ours} if names else {}
    is_complete = bool(rendered) and all(rendered.values())
    # Entries that neither the old template's file nor the new one has were written by hand.
    old = {path: _entries(base[path].content) if path in base else set() for path in ours}
    is_manual = any(_entries(ours[path]) - old[path] - _entries(rendered[path]) for path in rendered)
    files = " and ".join(sorted(ours))
    if is_complete and not is_manual:
        return draft.settle(rendered, f"{files}: rendered again for the merged pyproject.toml.")
    # The lock for development is constrained by the runtime lock, which has the shorter name, so that one comes first.
    commands = " && ".join(_command(path, ours[path]) for path in sorted(ours, key=len))
    reason = "yours, because the template's locks do not hold everything they need"
    return draft.settle(ours, f"{files}: {reason}. To update them: {commands}")


def _generated(draft: Draft, theirs: Tree) -> dict[str, bytes]:
    """The project's files that a command made, by their heads, where the template has one of that name too."""
    paths = [path for path, entry in theirs.items() if _command(path, entry.content)]
    if not any(path in draft.conflicts or draft.content(path) is not None for path in paths):
        return {}
    names = {f"{draft.ours}:{path}": path for path in paths}
    ours = {names[name]: content for name, content in draft.scratch.contents(names).items()}
    gone = {path for path, entry in draft.overrides.items() if entry is None}
    return {path: content for path, content in ours.items() if _command(path, content) and path not in gone}


def _is_mixed(draft: Draft, ours: Mapping[str, bytes]) -> bool:
    """Whether one of the files is in conflict, or two of them pin a package differently."""
    pins: dict[bytes, set[bytes]] = {}
    for path, content in ours.items():
        for name, version in _PIN.findall(draft.content(path) or content):
            pins.setdefault(name, set()).add(version)
    return bool(draft.conflicts.keys() & ours.keys()) or any(len(versions) > 1 for versions in pins.values())


def _entries(content: bytes) -> set[bytes]:
    """The entries of a requirements file, each pin as its name alone, without the indented hashes and comments."""
    lines = (line for line in content.splitlines() if line.strip() and not line.startswith((b" ", b"\t")))
    return {pin[1] if (pin := _PIN.match(line)) else line for line in lines}


def _command(path: str, content: bytes) -> str:
    """The command that made a requirements file, as its header has it; '' if there is none."""
    is_known = reader.is_requirements_path(PurePosixPath(path).name)
    command = reader.command(decoded(content)) if is_known else None
    return command.text if command else ""


def _names(draft: Draft) -> dict[str, list[str]]:
    """The requirements (PEP 508) of the merged pyproject.toml: `run` at run time, `dev` in the group of that name.

    {} where the file is in conflict or missing.
    """
    if "pyproject.toml" in draft.conflicts:
        return {}
    content = draft.content("pyproject.toml")
    if content is None:
        content = draft.scratch.contents([f"{draft.ours}:pyproject.toml"]).get(f"{draft.ours}:pyproject.toml", b"")
    pyproject = document.toml({"pyproject.toml": content}, "pyproject.toml")
    listed = {"run": pyproject.get("project", "dependencies"), "dev": pyproject.get("dependency-groups", "dev")}
    return {key: each if isinstance(each, list) else [] for key, each in listed.items()} if pyproject.data else {}


def _render(path: str, names: Mapping[str, list[str]], answers: Answers) -> str:
    """The requirements file that the template renders for these requirements; '' where its locks lack one of them."""
    text, locks = roles.text_of(answers.questionnaire, path), answers.values.get("locks")
    if not isinstance(locks, dict) or not text:
        return ""
    if not all(_is_locked(each, locks) for each in (*names["run"], *names["dev"])):
        return ""
    run, dev = (sorted({pep508.requirement_name(text) for text in names[key]}) for key in ("run", "dev"))
    try:
        return str(answers.render(text, requirements=run, dev_requirements=dev))
    except ToolError:
        return ""


def _is_locked(text: Any, locks: Mapping[str, Any]) -> bool:
    """Whether the locks hold what this requirement needs, in a version that it allows."""
    wanted = pep508.parse(text) if isinstance(text, str) else None  # a table includes another group
    name = pep508.requirement_name(text) if wanted else ""
    if not wanted or name not in locks["closures"] or wanted.extras or wanted.marker or wanted.url:
        return False
    try:
        return wanted.specifier.contains(locks["packages"][name]["version"], prereleases=True)
    except ValueError:  # a number of more digits than Python converts
        return False
