"""What else names a program that moves: workflows, documents and configuration follow it."""

import re
from pathlib import PurePosixPath

from new_ops_project import image
from new_ops_project.image import Renaming

_NAMES = re.compile(
    r"(Dockerfile|Containerfile|Makefile|GNUmakefile|[Jj]ustfile|crontab|CODEOWNERS)(\..*)?|\.\w*ignore"
)
_SUFFIXES = {
    ".cfg", ".ini", ".json", ".just", ".md", ".mk", ".rst", ".service", ".sh", ".bash", ".timer", ".toml",
    ".yaml", ".yml",
}  # fmt: skip
_HISTORY = re.compile(r"(CHANGELOG|CHANGES|HISTORY|NEWS)\b", re.IGNORECASE)
_LOCKS = re.compile(r".*\.lock|.*-lock\.\w+|requirements.*\.txt")


def may_name(path: str) -> bool:
    """Whether a file of that path is a place in which programs are named: no code, no history, no lock."""
    name = PurePosixPath(path).name
    if _HISTORY.match(name) or _LOCKS.fullmatch(name):
        return False
    return bool(_NAMES.fullmatch(name)) or PurePosixPath(name).suffix in _SUFFIXES or path.startswith(".githooks/")


def followed(path: str, text: str, renaming: Renaming) -> str:
    """`text` with each command that ran the program running it where it is now, and each path of a moved file."""
    name = PurePosixPath(path).name
    if name.startswith(("Dockerfile", "Containerfile")) or name.endswith("Dockerfile"):
        return image.followed(text, renaming)
    if name == ".dockerignore":
        text = re.sub(rf"^(!?/?){_file(renaming)}", rf"\g<1>src/{renaming.module}", text, flags=re.MULTILINE)
    text = _run_by_python(text, renaming)
    text = _run_by_itself(text, renaming)
    for old, new in renaming.moves.items():
        text = re.sub(rf"(?<![\w./-])(?:\./)?{re.escape(old)}(?![\w/-]|\.\w)", new, text)
    return text


def _run_by_python(text: str, renaming: Renaming) -> str:
    """`python rotate_keys.py`, with or without a path to python, flags and `./`."""
    folder = r"(?P<folder>[\w.~${}()/\\-]*[/\\])?"
    python = rf"(?P<python>{folder}(?:python(?:\d+(?:\.\d+)?)?|py(?: -\d(?:\.\d+)?)?)(?:\.exe)?)"
    pattern = rf"(?<![\w./\\-]){python}(?P<flags>(?: -[A-Za-z]+)*) (?P<quote>[\"']?)(?:\./)?{_file(renaming)}(?P=quote)"

    def run(found: re.Match[str]) -> str:
        folder = found["folder"] or ""
        is_beside = not folder or re.search(r"venv.*[/\\](bin|Scripts)[/\\]$", folder)
        if renaming.command and is_beside and not found["flags"]:
            return f"{folder}{renaming.command}"
        return f"{found['python']}{found['flags']} -m {renaming.module}"

    return re.sub(pattern, run, text)


def _run_by_itself(text: str, renaming: Renaming) -> str:
    """`./rotate_keys.py`, and `uv run rotate_keys.py`."""
    here = renaming.command or f"python -m {renaming.module}"
    text = re.sub(rf"(\b(?:uv|poetry|pdm|hatch) run )(?:\./)?{_file(renaming)}", rf"\g<1>{here}", text)
    return re.sub(rf"(?<![\w./-])\./{_file(renaming)}(?= |\n|$|`)", here, text)


def _file(renaming: Renaming) -> str:
    """The script's name as a pattern, and the end of a word."""
    return rf"{re.escape(renaming.script)}(?![\w/-]|\.\w)"
