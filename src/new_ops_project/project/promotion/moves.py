"""A program on its way into a package: what moves with it, and what a person should look at."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from new_ops_project.base.errors import ToolError
from new_ops_project.git.committed import Committed
from new_ops_project.project.promotion.program import analysis
from new_ops_project.project.promotion.program.analysis import Program

_UNREAD = Program(
    (),
    "",
    (),
    1,
    is_program=True,
    parses_arguments=False,
    knows_dry_run=False,
    has_examples=False,
    untyped=(),
    data=(),
    doubts=(),
)


@dataclass(frozen=True)
class ProgramMove:
    """A script on its way into a package: `script` and `target` are its old and its new path.

    `moves` are all files that go along, old path to new; `modules` the same for the names of modules; `programs` what
    is known of each module that moves, by its old path;
    `problems` is why one could not be read, a clause that begins with its line.
    """

    script: str
    target: str
    package: str
    moves: Mapping[str, str]
    modules: Mapping[str, str]
    programs: Mapping[str, Program]
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def program(self) -> Program:
        """What is known of the script."""
        return self.programs[self.script]

    @property
    def module(self) -> str:
        """The dotted name that the script's module has now."""
        return self.modules[PurePosixPath(self.script).stem]


def program(files: Committed, moves: Mapping[str, str], package: str, managed: Iterable[str]) -> ProgramMove:
    """What goes along with the one script in `moves`; paths that are `managed` by the template stay where they are.

    Raises ToolError when the script is not there.
    """
    script, target = next(iter(moves.items()))
    if script in files.modes and script not in files.texts:
        message = f"{script} is no text file of its own (a link, or data), so it cannot move."
        raise ToolError(message, "Put the program itself there, commit, and run this again.")
    if script not in files.texts:
        message = f"{script} is not in the last commit, so there is no program that could move."
        raise ToolError(message, f"Give the program that name (git mv FILE {script}), commit, and run this again.")
    programs, problems = dict[str, Program](), dict[str, str]()
    modules = _modules(script, files, programs, problems)
    folder = PurePosixPath(target).parent
    if str(folder / PurePosixPath(target).name) in {str(folder / path) for path in modules}:
        target = str(folder / script)
    there = {path: f"{folder}/{path}" for path in modules} | {script: target}
    kept = set(managed)
    for path, one in programs.items():
        if "/" not in path:
            beside = [below for data in one.data if data.beside for below in files.below(data.path)]
            there |= {data: f"{folder}/{data}" for data in beside if data not in {*kept, *there}}
    _require_free(files, there)
    names = {path.partition("/")[0].removesuffix(".py"): path for path in modules if path != script}
    dotted = {name: f"{package}.{name}" for name in names}
    dotted[PurePosixPath(script).stem] = f"{package}.{PurePosixPath(target).stem}"
    return ProgramMove(script, target, package, there, dotted, programs, problems)


def _require_free(files: Committed, moves: Mapping[str, str]) -> None:
    """Raise ToolError where a file of the project is in the place of one that moves, or of a folder that it needs."""
    places = [str(place) for new in moves.values() for place in (PurePosixPath(new), *PurePosixPath(new).parents)]
    if taken := next((place for place in places if place in files.modes and place not in moves), None):
        message = f"{taken} is there already, where {next(iter(moves))} and what it needs would go."
        raise ToolError(message, f"Move it elsewhere (git mv {taken} ...), commit, and run this again.")


def _modules(script: str, files: Committed, programs: dict[str, Program], problems: dict[str, str]) -> list[str]:
    """The script and the files of every module beside it that it imports, directly or not."""
    found, waiting = dict.fromkeys([script]), [script]
    while waiting:
        path = waiting.pop()
        if not path.endswith(".py"):
            continue
        programs[path] = _read(path, files, problems)
        fresh = [one for name in programs[path].modules for one in _beside(name, files) if one not in found]
        found |= dict.fromkeys(fresh)
        waiting += fresh
    return list(found)


def _beside(name: str, files: Committed) -> list[str]:
    """The files of a module or package of that name at the project's root."""
    if f"{name}.py" in files.modes:
        return [f"{name}.py"]
    below = files.below(name)
    return below if any(path.endswith(".py") for path in below) and name not in {"src", "tests"} else []


def _read(path: str, files: Committed, problems: dict[str, str]) -> Program:
    folder = PurePosixPath(path).parent
    try:
        return analysis.read(files.texts[path].decode(), exists=lambda one: files.holds(str(folder / one)))
    except (SyntaxError, ValueError, KeyError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        problems[path] = f"{line}: it does not parse as Python: {error}."
        return _UNREAD


# ---- what is said ---------------------------------------------------------------------------------------------


def remarks(growth: ProgramMove) -> list[str]:
    """What a person should look at, each with its place in the files as they are now."""
    paths = sorted(growth.programs)
    return [f"{growth.moves.get(path, path)}{said}" for path in paths for said in _remarks(growth, path)]


def _moved(growth: ProgramMove, path: str) -> bool:
    return path in growth.moves or any(old.startswith(f"{path}/") for old in growth.moves)


def _remarks(growth: ProgramMove, path: str) -> Iterator[str]:
    one = growth.programs[path]
    if path in growth.problems:
        yield growth.problems[path]
        return
    for data in one.data:
        if not data.beside:
            yield f":{data.line}: {data.path} is read from the current folder; it stays, so run this from the root."
        elif not _moved(growth, str(PurePosixPath(path).parent / data.path)):
            yield f":{data.line}: {data.path} is looked for beside the code, but it stays where it is."
    for doubt in one.doubts:
        yield f":{doubt.line}: {doubt.text}"
    if path == growth.script and one.runs_at:
        yield f":{one.runs_at}: it does its work as soon as it is imported, so nobody can import its functions."
    if one.untyped:
        first, *others = one.untyped
        more = f" and {len(others)} more" if others else ""
        yield f":{first.line}: {first.name}{more} without types, which mypy refuses (strict, in pyproject.toml)."
