"""The rewriting of files that refer to a program that moves, such as workflows, documents or configuration."""

import re
from pathlib import PurePosixPath

from new_ops_project.formats import locks
from new_ops_project.formats.requirements import reader
from new_ops_project.project.promotion import dockerfile
from new_ops_project.project.promotion.dockerfile import Renaming

_NAMES = re.compile(
    r"((.*\.)?Dockerfile|Containerfile|Procfile|Jenkinsfile|Vagrantfile|Makefile|GNUmakefile|[Jj]ustfile|crontab"
    r"|CODEOWNERS)(\..*)?|\.\w*ignore|\.envrc"
)
_SUFFIXES = {
    ".bash",
    ".bat",
    ".cfg",
    ".cmd",
    ".conf",
    ".cron",
    ".ini",
    ".json",
    ".just",
    ".md",
    ".mk",
    ".ps1",
    ".rst",
    ".service",
    ".sh",
    ".timer",
    ".toml",
    ".yaml",
    ".yml",
}
_SHELL = re.compile(rb"#![^\n]*\b(?:ba|da|k|z)?sh\b")
_HISTORY = re.compile(r"(CHANGELOG|CHANGES|HISTORY|NEWS)\b", re.IGNORECASE)


def may_name(path: str, content: bytes = b"") -> bool:
    """Whether a file is of a kind that refers to programs; code, changelogs and locks are not."""
    name = PurePosixPath(path).name
    if _HISTORY.match(name) or locks.is_lock(name) or reader.is_requirements_path(name):
        return False
    is_hook = path.startswith(".githooks/") or _SHELL.match(content)
    return bool(is_hook or _NAMES.fullmatch(name)) or PurePosixPath(name).suffix in _SUFFIXES


def rewrite(path: str, text: str, renaming: Renaming, *, is_managed: bool = False) -> str:
    """`text` with each command that ran the program, and each path of a file that moved, rewritten.

    A file that `is_managed` comes from the template, whose next tier brings the rest of its changes in the merge.
    """
    name = PurePosixPath(path).name
    if name.startswith(("Dockerfile", "Containerfile")) or name.endswith("Dockerfile"):
        return dockerfile.rewrite_start(text, renaming) if is_managed else dockerfile.rewrite(text, renaming)
    if name == ".dockerignore":
        text = re.sub(rf"^(!?/?){_file(renaming)}", r"\g<1>src/", text, flags=re.MULTILINE)
    if name == "CODEOWNERS":
        for old, new in renaming.moves.items():
            text = re.sub(rf"^/{re.escape(old)}(?=\s)", f"/{new}", text, flags=re.MULTILINE)
    # The order matters: a command has to be rewritten as a whole before the path in it would be.
    text = _rewrite_argument_lists(text, renaming)
    text = _rewrite_python_commands(text, renaming)
    text = _rewrite_direct_commands(text, renaming)
    for name, module in renaming.modules.items():
        text = re.sub(rf"(=[ \t]*[\"']){re.escape(name)}:(?=\w)", rf"\g<1>{module}:", text)  # an entry point
        if module != f"{renaming.module}.{name}" or name in renaming.script.removesuffix(".py"):
            continue
        text = re.sub(rf"(python[\d.]*(?: +-[A-Za-z])* +-m +){re.escape(name)}(?![\w-])", rf"\g<1>{module}", text)
    for old, new in renaming.moves.items():
        if not re.search(r"[./]", old):  # a plain word may mean anything
            continue
        text = re.sub(rf"(?<![\w./-])(?:\./)?{re.escape(old)}(?![\w/-]|\.\w)", new, text)
        pattern, fresh = old.replace(".", r"\."), new.replace(".", r"\.")  # in a regular expression
        text = re.sub(rf"(?<![\w./-]){re.escape(pattern)}(?!\w)", fresh.replace("\\", r"\\"), text)
    return text


def stale_lines(path: str, text: str, renaming: Renaming) -> list[int]:
    """The 1-based numbers of lines that still name the script by its old path, which only a person can judge.

    So do those that start a module that moved: `subprocess.run([sys.executable, "-m", "helpers"])`.
    """
    if _HISTORY.match(PurePosixPath(path).name):
        return []
    modules = "|".join(map(re.escape, renaming.modules))
    named = re.compile(rf"""(?<![\w.-]){_file(renaming)}|["']-m["'],\s*["'](?:{modules})["']""")
    return [number for number, line in enumerate(text.splitlines(), 1) if named.search(line)]


def _rewrite_argument_lists(text: str, renaming: Renaming) -> str:
    """A list of arguments in JSON or YAML: `["python", "rotate_keys.py"]`."""
    pattern = rf"\[ *(?P<q>[\"']?)(?P<python>python[\d.]*)(?P=q), *(?P=q)(?:\./)?{_file(renaming)}(?P=q)(?= *[,\]])"

    def replacement(match: re.Match[str]) -> str:
        words = [renaming.command] if renaming.command else [match["python"], "-m", renaming.module]
        return "[" + ", ".join(f"{match['q']}{word}{match['q']}" for word in words)

    return re.sub(pattern, replacement, text)


def _rewrite_python_commands(text: str, renaming: Renaming) -> str:
    """`python rotate_keys.py`, with or without a path to python, flags and `./`."""
    folder = r"(?P<folder>[\w.~${}()/\\-]*[/\\])?"
    name = r"(?:python(?:\d+(?:\.\d+)?)?|py(?: -\d(?:\.\d+)?)?|\$[({]?\w*PYTHON\w*[)}]?)(?:\.exe)?"
    python = rf"(?P<python>(?P<open>[\"']?){folder}{name}(?P=open))"
    flags = r"(?P<flags>(?:[ \t]+(?:-[WX][ \t]*[\w:=.]+|-[A-Za-z]+))*)"
    pattern = rf"(?<![\w./\\-]){python}{flags}[ \t]+(?P<quote>[\"']?)(?:\./)?{_file(renaming)}(?P=quote)"

    def replacement(match: re.Match[str]) -> str:
        folder, quote = match["folder"] or "", match["open"] if match["folder"] else ""
        # The installed command is beside the interpreter only in a virtual environment; flags need the interpreter.
        is_beside = not folder or re.search(r"venv.*[/\\](bin|Scripts)[/\\]$", folder, re.IGNORECASE)
        if renaming.command and is_beside and not match["flags"] and "PYTHON" not in match["python"]:
            return f"{quote}{folder}{renaming.command}{quote}"
        return f"{match['python']}{match['flags']} -m {renaming.module}"

    return re.sub(pattern, replacement, text)


def _rewrite_direct_commands(text: str, renaming: Renaming) -> str:
    """`./rotate_keys.py`, or `uv run rotate_keys.py`."""
    here = renaming.command or f"python -m {renaming.module}"
    text = re.sub(rf"(\b(?:uv|poetry|pdm|hatch) run (?:--[\w-]+ )*)(?:\./)?{_file(renaming)}", rf"\g<1>{here}", text)
    itself = rf"(?P<quote>[\"']?)\.[/\\]{_file(renaming)}(?P=quote)(?=[\s;&|>)`]|$)"
    return re.sub(rf"(?<![\w./\\-]){itself}", lambda _: here, text)


def _file(renaming: Renaming) -> str:
    """A pattern for the script's name as a whole word."""
    return rf"{re.escape(renaming.script)}(?![\w/-]|\.\w)"
