"""What else names a program that moves: workflows, documents and configuration follow it."""

import ast
import re
from pathlib import PurePosixPath

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
_LOCKS = re.compile(r".*\.lock|.*-lock\.\w+|requirements.*\.txt")


def may_name(path: str, content: bytes = b"") -> bool:
    """Whether a file is a place in which programs are named: no code, no history, no lock."""
    name = PurePosixPath(path).name
    if _HISTORY.match(name) or _LOCKS.fullmatch(name):
        return False
    is_known = bool(_NAMES.fullmatch(name)) or PurePosixPath(name).suffix in _SUFFIXES
    return is_known or path.startswith(".githooks/") or bool(_SHELL.match(content))


def followed(path: str, text: str, renaming: Renaming, *, is_managed: bool = False) -> str:
    """`text` with each command that ran the program running it where it is now, and each path of a moved file.

    What `is_managed` is the template's, which brings the rest of what the next tier needs.
    """
    name = PurePosixPath(path).name
    if name.startswith(("Dockerfile", "Containerfile")) or name.endswith("Dockerfile"):
        return dockerfile.started(text, renaming) if is_managed else dockerfile.followed(text, renaming)
    if name == ".dockerignore":
        text = re.sub(rf"^(!?/?){_file(renaming)}", r"\g<1>src/", text, flags=re.MULTILINE)
    if name == "CODEOWNERS":
        for old, new in renaming.moves.items():
            text = re.sub(rf"^/{re.escape(old)}(?=\s)", f"/{new}", text, flags=re.MULTILINE)
    text = _listed(text, renaming)
    text = _run_by_python(text, renaming)
    text = _run_by_itself(text, renaming)
    for name, module in renaming.modules.items():
        if module != f"{renaming.module}.{name}" or name in renaming.script.removesuffix(".py"):
            continue
        text = re.sub(rf"(python[\d.]*(?: +-[A-Za-z])* +-m +){re.escape(name)}(?![\w-])", rf"\g<1>{module}", text)
    for old, new in renaming.moves.items():
        if not re.search(r"[./]", old):  # a word, which may mean anything
            continue
        text = re.sub(rf"(?<![\w./-])(?:\./)?{re.escape(old)}(?![\w/-]|\.\w)", new, text)
        pattern, fresh = old.replace(".", r"\."), new.replace(".", r"\.")  # as regular expressions name it
        text = re.sub(rf"(?<![\w./-]){re.escape(pattern)}(?!\w)", fresh.replace("\\", r"\\"), text)
    return text


def left(path: str, text: str, renaming: Renaming) -> list[int]:
    """The lines that still name the script by its old path: commands and strings that only a person can judge."""
    if PurePosixPath(path).suffix in {".py", ".pyi"}:
        return _strings(text, renaming)
    if _HISTORY.match(PurePosixPath(path).name):
        return []
    named = re.compile(rf"(?<![\w.-]){_file(renaming)}")
    return [number for number, line in enumerate(text.splitlines(), 1) if named.search(line)]


def _strings(text: str, renaming: Renaming) -> list[int]:
    try:
        nodes = [*ast.walk(ast.parse(text.removeprefix("\ufeff")))]
    except (SyntaxError, ValueError, RecursionError):
        return []
    named = re.compile(rf"(?<![\w.-]){_file(renaming)}")
    strings = [one for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    lines = [one.lineno for one in strings if named.search(str(one.value))]
    started = re.compile(r"""["']-m["'],\s*["'](\w+)["']""")  # of a module that moved
    lines += [text.count("\n", 0, one.start()) + 1 for one in started.finditer(text) if one[1] in renaming.modules]
    return sorted(set(lines))


def _listed(text: str, renaming: Renaming) -> str:
    """A list of arguments, as JSON and YAML have it: `["python", "rotate_keys.py"]`."""
    pattern = rf"\[ *(?P<q>[\"']?)(?P<python>python[\d.]*)(?P=q), *(?P=q)(?:\./)?{_file(renaming)}(?P=q)(?= *[,\]])"

    def run(found: re.Match[str]) -> str:
        words = [renaming.command] if renaming.command else [found["python"], "-m", renaming.module]
        return "[" + ", ".join(f"{found['q']}{word}{found['q']}" for word in words)

    return re.sub(pattern, run, text)


def _run_by_python(text: str, renaming: Renaming) -> str:
    """`python rotate_keys.py`, with or without a path to python, flags and `./`."""
    folder = r"(?P<folder>[\w.~${}()/\\-]*[/\\])?"
    name = r"(?:python(?:\d+(?:\.\d+)?)?|py(?: -\d(?:\.\d+)?)?|\$[({]?\w*PYTHON\w*[)}]?)(?:\.exe)?"
    python = rf"(?P<python>(?P<open>[\"']?){folder}{name}(?P=open))"
    flags = r"(?P<flags>(?:[ \t]+(?:-[WX][ \t]*[\w:=.]+|-[A-Za-z]+))*)"
    pattern = rf"(?<![\w./\\-]){python}{flags}[ \t]+(?P<quote>[\"']?)(?:\./)?{_file(renaming)}(?P=quote)"

    def run(found: re.Match[str]) -> str:
        folder, quote = found["folder"] or "", found["open"] if found["folder"] else ""
        is_beside = not folder or re.search(r"venv.*[/\\](bin|Scripts)[/\\]$", folder, re.IGNORECASE)
        if renaming.command and is_beside and not found["flags"] and "PYTHON" not in found["python"]:
            return f"{quote}{folder}{renaming.command}{quote}"
        return f"{found['python']}{found['flags']} -m {renaming.module}"

    return re.sub(pattern, run, text)


def _run_by_itself(text: str, renaming: Renaming) -> str:
    """`./rotate_keys.py`, and `uv run rotate_keys.py`."""
    here = renaming.command or f"python -m {renaming.module}"
    text = re.sub(rf"(\b(?:uv|poetry|pdm|hatch) run (?:--[\w-]+ )*)(?:\./)?{_file(renaming)}", rf"\g<1>{here}", text)
    itself = rf"(?P<quote>[\"']?)\.[/\\]{_file(renaming)}(?P=quote)(?=[\s;&|>)`]|$)"
    return re.sub(rf"(?<![\w./\\-]){itself}", lambda _found: here, text)


def _file(renaming: Renaming) -> str:
    """The script's name as a pattern, and the end of a word."""
    return rf"{re.escape(renaming.script)}(?![\w/-]|\.\w)"
