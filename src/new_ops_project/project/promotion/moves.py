"""The move of a program into a package."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from new_ops_project.base.errors import ToolError
from new_ops_project.git.committed import Committed
from new_ops_project.project.promotion.program import analysis
from new_ops_project.project.promotion.program.analysis import Program

# Stands for a file that does not parse: it may do anything when it is imported, so nothing is claimed of it.
_UNREADABLE = Program(runs_at=1)


@dataclass(frozen=True)
class ProgramMove:
    """The move of a script into a package, with everything that it needs.

    `script` and `target` are its old and its new path. `moves` has the new path of every file that moves, by its old
    one; `modules` has the new dotted name of every module that moves, by its old one; `programs` has the analysis of
    every module that moves, by its old path; `problems` says why one does not parse: a clause that begins with `:LINE`.
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
        """The analysis of the script."""
        return self.programs[self.script]

    @property
    def module(self) -> str:
        """The dotted name that the script's module has now."""
        return self.modules[PurePosixPath(self.script).stem]


def program_move(files: Committed, moves: Mapping[str, str], package: str, managed: Iterable[str]) -> ProgramMove:
    """The move of the one script in `moves`; files that the template has (`managed`) stay where they are.

    The modules beside the script that it imports move with it, and so do the data files that they name relative to
    `__file__`. Raises ToolError when the script is missing, or when something is in the way.
    """
    script, target = next(iter(moves.items()))
    if script in files.modes and script not in files.texts:
        message = f"{script} is a link or not a text file, so it cannot move."
        raise ToolError(message, "Put the program itself there, commit, and run this again.")
    if script not in files.texts:
        message = f"{script} is not in the last commit, so there is no program to move."
        raise ToolError(message, f"Give the program that name (git mv FILE {script}), commit, and run this again.")
    programs, problems = dict[str, Program](), dict[str, str]()
    modules = _modules(script, files, programs, problems)
    folder = PurePosixPath(target).parent
    # A module beside the script may have the name that the template gives the script: then the script keeps its own.
    if str(folder / PurePosixPath(target).name) in {str(folder / path) for path in modules}:
        target = str(folder / script)
    new_paths = {path: f"{folder}/{path}" for path in modules} | {script: target}
    stay = set(managed)
    for path, analysed in programs.items():
        if "/" not in path:
            beside = [below for data in analysed.data if data.beside for below in files.below(data.path)]
            new_paths |= {data: f"{folder}/{data}" for data in beside if data not in {*stay, *new_paths}}
    _require_free(files, new_paths)
    names = {path.partition("/")[0].removesuffix(".py"): path for path in modules if path != script}
    dotted = {name: f"{package}.{name}" for name in names}
    dotted[PurePosixPath(script).stem] = f"{package}.{PurePosixPath(target).stem}"
    return ProgramMove(script, target, package, new_paths, dotted, programs, problems)


def _require_free(files: Committed, moves: Mapping[str, str]) -> None:
    """Raise ToolError where a file of the project has the new path of one that moves, or of a folder above it."""
    places = [str(place) for new in moves.values() for place in (PurePosixPath(new), *PurePosixPath(new).parents)]
    if taken := next((place for place in places if place in files.modes and place not in moves), None):
        message = f"{taken} exists already where {next(iter(moves))} and what it needs would be."
        raise ToolError(message, f"Move it elsewhere (git mv {taken} ...), commit, and run this again.")


def _modules(script: str, files: Committed, programs: dict[str, Program], problems: dict[str, str]) -> list[str]:
    """The script and the files of every module beside it that it imports, directly or indirectly."""
    paths, waiting = dict.fromkeys([script]), [script]
    while waiting:
        path = waiting.pop()
        if not path.endswith(".py"):
            continue
        programs[path] = _read(path, files, problems)
        fresh = [file for name in programs[path].modules for file in _beside(name, files) if file not in paths]
        paths |= dict.fromkeys(fresh)
        waiting += fresh
    return list(paths)


def _beside(name: str, files: Committed) -> list[str]:
    """The files of a module or package of that name at the project's root."""
    if f"{name}.py" in files.modes:
        return [f"{name}.py"]
    below = files.below(name)
    return below if any(path.endswith(".py") for path in below) and name not in {"src", "tests"} else []


def _read(path: str, files: Committed, problems: dict[str, str]) -> Program:
    folder = PurePosixPath(path).parent
    try:
        return analysis.read(files.texts[path].decode(), exists=lambda name: files.holds(str(folder / name)))
    except (SyntaxError, ValueError, KeyError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        problems[path] = f"{line}: it does not parse as Python: {error}."
        return _UNREADABLE


# ---- notes ----------------------------------------------------------------------------------------------------


def move_notes(move: ProgramMove) -> list[str]:
    """What a person should look at, each with the place where it is after the move (`PATH:LINE: clause`)."""
    paths = sorted(move.programs)
    return [f"{move.moves.get(path, path)}{clause}" for path in paths for clause in _clauses(move, path)]


def _moves(move: ProgramMove, path: str) -> bool:
    return path in move.moves or any(old.startswith(f"{path}/") for old in move.moves)


def _clauses(move: ProgramMove, path: str) -> Iterator[str]:
    program = move.programs[path]
    if path in move.problems:
        yield move.problems[path]
        return
    for data in program.data:
        if data.beside and not _moves(move, str(PurePosixPath(path).parent / data.path)):
            yield f":{data.line}: {data.path} is expected beside the code, but it stays where it is."
        elif not data.beside and _moves(move, data.path):
            yield f":{data.line}: {data.path} moves with the code, so it is no longer in the current folder."
        elif not data.beside:
            yield f":{data.line}: {data.path} is read from the current folder; it stays, so run this from the root."
    for doubt in program.doubts:
        yield f":{doubt.line}: {doubt.text}"
    if path == move.script and program.runs_at:
        yield f":{program.runs_at}: importing it may do something here, so the package exports none of its functions."
