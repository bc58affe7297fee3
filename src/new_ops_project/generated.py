"""Generated files in conflict are generated anew: requirements*.txt, which follow from pyproject.toml."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.draft import Draft
from new_ops_project.errors import ToolError
from new_ops_project.questions import Answers
from new_ops_project.tree import Entry

_COMMAND = re.compile(rb"^# +((?:uv pip compile|pip-compile) .+?)\r?$", re.MULTILINE)
_OURS = 2


def renewed(draft: Draft, answers: Answers) -> Draft:
    """`draft` with each requirements file that is in conflict written anew for the merged pyproject.toml.

    That takes a template with locks (`locks` among its computed answers) that hold every dependency of the project.
    Where it cannot be done, the file stays as the user has it, and a note gives the command that renews it.
    """
    mine = {stage.path: draft.blobs[stage.blob] for stage in draft.merged.stages if stage.number == _OURS}
    found = {path: content for path, content in mine.items() if path in draft.conflicts and _command(path, content)}
    if not found:
        return draft
    names = _names(draft)
    made = {path: _made(path, names, answers) for path in found} if names else dict.fromkeys(found, "")
    over = {path: Entry(draft.mode(path), made[path].encode() or content) for path, content in found.items()}
    return replace(
        draft,
        over={**draft.over, **over},
        conflicts={path: reason for path, reason in draft.conflicts.items() if path not in found},
        notes=(*draft.notes, *_notes(found, made)),
    )


def _notes(found: Mapping[str, bytes], made: Mapping[str, str]) -> list[str]:
    fresh = sorted(path for path in found if made[path])
    stale = sorted(path for path in found if not made[path])
    notes = [f"{_listed(fresh)}: written anew for the merged pyproject.toml."] if fresh else []
    if stale:
        # The runtime lock constrains the one for development, so it is first.
        commands = " && ".join(_command(path, found[path]) for path in sorted(stale, key=len))
        notes.append(f"{_listed(stale)}: yours, since the template's locks do not hold all of it. To renew: {commands}")
    return notes


def _listed(paths: list[str]) -> str:
    return " and ".join(paths)


def _command(path: str, content: bytes) -> str:
    """The command that the head of a requirements file says it was made by, or ''."""
    if not re.fullmatch(r"requirements.*\.txt", PurePosixPath(path).name):
        return ""
    found = _COMMAND.search(content[:2000])
    return found[1].decode(errors="replace") if found else ""


def _names(draft: Draft) -> dict[str, list[str]]:
    """What the merged pyproject.toml requires, as requirements (PEP 508): at run time, and in the group `dev`.

    {} where it is in conflict or not there.
    """
    if "pyproject.toml" in draft.conflicts:
        return {}
    content = draft.content("pyproject.toml")
    if content is None:
        content = draft.scratch.contents([f"{draft.ours}:pyproject.toml"]).get(f"{draft.ours}:pyproject.toml", b"")
    try:
        found = tomllib.loads(content.decode())
    except ValueError:
        return {}
    groups = found.get("dependency-groups", {})
    return {"run": found.get("project", {}).get("dependencies", []), "dev": groups.get("dev", [])} if found else {}


def _made(path: str, names: Mapping[str, list[str]], answers: Answers) -> str:
    """The requirements file as the template writes it for these requirements; '' where its locks lack one."""
    questionnaire = answers.questionnaire
    source = f"{questionnaire.config.get('subdirectory', '.')}/{path}.jinja"
    locks = answers.values.get("locks")
    if not isinstance(locks, dict) or not (questionnaire.root / source).is_file():
        return ""
    if not all(_is_locked(text, locks) for text in (*names["run"], *names["dev"])):
        return ""
    chosen = {"requirements": _bare(names["run"]), "dev_requirements": _bare(names["dev"])}
    text = (questionnaire.root / source).read_text(encoding="utf-8")
    try:
        return str(answers.render(text, **chosen))
    except ToolError:
        return ""


def _is_locked(text: Any, locks: Mapping[str, Any]) -> bool:
    """Whether the locks hold what this requirement needs, in a version that it allows."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        wanted = Requirement(text)
    except (InvalidRequirement, TypeError):  # an included group, for example
        return False
    name = canonicalize_name(wanted.name)
    if name not in locks["closures"] or wanted.extras or wanted.marker or wanted.url:
        return False
    return wanted.specifier.contains(locks["packages"][name]["version"], prereleases=True)


def _bare(requirements: list[str]) -> list[str]:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    return sorted({str(canonicalize_name(Requirement(text).name)) for text in requirements})
