"""The scripts of `tests/data/scripts` as projects of the script tier."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import pytest
from support.command import differing, git, tree

from new_ops_project.template import releases, render, sources

SCRIPTS = Path(__file__).parents[1] / "data" / "scripts"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
TRACEBACK = "Traceback (most recent call last):"
FRAME = re.compile(r'  File "(?P<file>[^"]+)", line \d+, in (?P<function>.+)')

Arguments = tuple[str, ...]
Lines = str | list[str]


@dataclass(frozen=True)
class Script:
    """One script of `tests/data/scripts`: how to run it, and what a promotion does to the user's files."""

    name: str
    about: str
    runs: tuple[Arguments, ...]
    elsewhere: tuple[Arguments, ...] = ()  # runs that are also done in another folder
    unfollowed_by_cli: tuple[Arguments, ...] = ()  # a note says why the command cannot do the same
    dependencies: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    moves: Mapping[str, str] = field(default_factory=dict)
    rewrites: Mapping[str, Mapping[str, Lines]] = field(default_factory=dict)  # by file: a line, and what becomes of it
    notes: tuple[tuple[str, str], ...] = ()  # a file after the promotion, and what is on the line that a note names
    untyped: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    doctests: bool = False

    @property
    def command(self) -> str:
        """The name of the command that it becomes."""
        return self.name.replace("_", "-")

    @property
    def main(self) -> str:
        """Where the script is before."""
        return f"{self.name}.py"

    @property
    def task(self) -> str:
        """Where the script is after."""
        return f"src/{self.name}/task.py"

    @property
    def files(self) -> dict[str, bytes]:
        """The user's files by path; the generated script has none but itself."""
        return tree(SCRIPTS / self.name)

    def place(self, path: str) -> str:
        """Where a file of the user's is after the promotion."""
        return self.task if path == self.main else self.moves.get(path, path)

    def rewritten(self, path: str, content: bytes) -> bytes:
        """What a file of the user's holds after the promotion: only its listed lines differ."""
        ending = b"\r\n" if b"\r\n" in content else b"\n"
        lines = content.split(ending)
        for old, new in self.rewrites.get(path, {}).items():
            at = lines.index(old.encode())
            lines[at : at + 1] = [line.encode() for line in ([new] if isinstance(new, str) else new)]
        return ending.join(lines)


def _script(path: Path) -> Script:
    values: dict[str, Any] = tomllib.loads(path.read_text())
    lists = ("runs", "elsewhere", "unfollowed_by_cli", "notes")
    values |= {name: tuple(tuple(line) for line in values[name]) for name in lists if name in values}
    values |= {name: tuple(values[name]) for name in ("dependencies", "untyped", "public") if name in values}
    return Script(path.stem, **values)


ALL = tuple(_script(path) for path in sorted(SCRIPTS.glob("*.toml")))


def generate(name: str, into: Path, **answers: Any) -> Path:
    """A committed project of the script tier, called like its script."""
    given = {"project_name": name.replace("_", " "), "tier": "script", "python_version": PYTHON, **answers}
    render.render(releases.checkout(sources.find()), given, into)
    git("init", "--quiet", at=into)
    git("config", "core.logAllRefUpdates", "false", at=into)
    return save(into, "Generate")


def save(project: Path, message: str) -> Path:
    """Commit everything."""
    git("add", "--all", at=project)
    git("commit", "--quiet", "--allow-empty", f"--message={message}", at=project)
    return project


def written(script: Script, into: Path) -> Path:
    """The project with the script in it, in a commit of its own."""
    generate(script.name, into, dependencies=list(script.dependencies))
    if script.files:
        shutil.copytree(SCRIPTS / script.name, into, dirs_exist_ok=True)
    return save(into, "Write the script")


COMPILED: dict[Any, Any] = {}


@pytest.fixture(scope="module", autouse=True)
def compiled() -> Iterator[None]:
    """Jinja compiles each text of our template once, for all projects: that is half of the time of a promotion.

    For the tests of one file only: other templates have tags that want to be compiled each time.
    """
    real, known = jinja2.Environment.compile, COMPILED

    def compile_once(self: jinja2.Environment, source: Any, *args: Any, **options: Any) -> Any:
        marks = (type(self), self.trim_blocks, self.lstrip_blocks, self.keep_trailing_newline, *self.extensions)
        key = (marks, str(source), args, *options.items())
        if key not in known:
            known[key] = real(self, source, *args, **options)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_once)
        yield


# ---- runs ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProgramOutput:
    """What a run printed, how it ended, and the files that it wrote or removed."""

    code: int
    out: str
    err: str
    wrote: Mapping[str, bytes | None]


def program(script: Script, project: Path, tier: str) -> list[str]:
    """The command that runs the program: as a script, with `python -m`, or as pip would install it."""
    if tier == "script":
        return [sys.executable, script.main]
    if tier == "library":
        return [sys.executable, "-m", script.name]
    metadata = tomllib.loads((project / "pyproject.toml").read_text())
    module, _, function = metadata["project"]["scripts"][script.command].partition(":")
    file = project.parent / "bin" / script.command
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        f"import sys\nfrom {module} import {function}\nif __name__ == '__main__':\n"
        f"    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit({function}())\n"
    )
    return [sys.executable, str(file)]


def environment(project: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a run; what is in `src` is importable, as after an installation."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL", "PYTEST"))}
    fixed = {"COLUMNS": "1000", "NO_COLOR": "1", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
    return {**env, **fixed, **extra, "PYTHONPATH": str(project / "src")}


def run_program(
    script: Script, project: Path, tier: str, arguments: Arguments, *, at: Path | None = None
) -> ProgramOutput:
    """Run the program in the project's folder (or in another), then put back what it changed there."""
    command, *first = program(script, project, tier)
    if at and tier == "script":
        first = [str(project / script.main)]
    before, env = tree(project), environment(project, script.env)
    done = subprocess.run(
        [command, *first, *arguments],
        cwd=at or project,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    changed = {path: after for path, (_, after) in differing(before, tree(project)).items()}
    for path in changed:
        (project / path).unlink(missing_ok=True)
        if path in before:
            (project / path).write_bytes(before[path])
    return ProgramOutput(
        done.returncode, called(script, done.stdout), called(script, raised(script, done.stderr)), changed
    )


def called(script: Script, text: str) -> str:
    """The text with one name for the program where usage lines and click's `--version` have it."""
    names = rf"(?:\S*/)?(?:{script.main}|__main__\.py|{script.command})|\S*python\S* -m {script.name}"
    return re.sub(rf"(?m)^(usage: |Usage: |Try ')?(?:{names})(?=[ :,])", r"\1PROGRAM", text)


def raised(script: Script, text: str) -> str:
    """The text with tracebacks reduced to the functions of the user's code, and what was raised."""
    kept, is_inside, is_mine = list[str](), False, False
    for line in text.splitlines():
        is_inside = line == TRACEBACK or (is_inside and line.startswith("  "))
        if not is_inside or line == TRACEBACK:
            kept.append(line)
        elif frame := FRAME.fullmatch(line):
            is_mine = frame["function"] != "<module>" and Path(frame["file"]).name in _modules(script)
            kept += [f"  in {frame['function']}"] * is_mine
        elif is_mine and set(line) - set(" ^~"):
            kept.append(line)
    # An exception of the user's own is named by its module, but for `__main__`.
    return re.sub(rf"(?m)^{script.name}\.task\.(?=\w+(?:: |$))", "", "\n".join(kept))


def _modules(script: Script) -> set[str]:
    return {Path(path).name for path in script.files} | {script.main, Path(script.task).name}
