"""The move of a program into a package."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from new_ops_project.base.errors import ToolError
from new_ops_project.git.committed import Committed
from new_ops_project.project.promotion.program import analysis
from new_ops_project.project.promotion.program.analysis import Program
from new_ops_project.project.promotion.program.data_files import Doubt


@dataclass(frozen=True)
class ProgramMove:
    """The move of a script into a package, with everything that it needs.

    `script` and `target` are its old and its new path. `moves` has the new path of every file that moves, by its old
    one; `modules` has the new dotted name of every module that moves, by its old one; `programs` has the analysis of
    every module that moves, by its old path.
    """

    script: str
    target: str
    package: str
    moves: Mapping[str, str]
    modules: Mapping[str, str]
    programs: Mapping[str, Program]

    @property
    def program(self) -> Program:
        """The analysis of the script."""
        return self.programs[self.script]


def program_move(files: Committed, moves: Mapping[str, str], package: str, managed: Collection[str]) -> ProgramMove:
    """The move of the one script in `moves`; files that the template has (`managed`) stay where they are.

    The modules beside the script that it imports move with it, and so do the data files that they name relative to
    `__file__`. Raises ToolError when the script is missing, or when something is in the way.
    """
    script, target = next(iter(moves.items()))
    if script not in files.texts:
        fault = "is a link or not a text file" if script in files.modes else "is not in the last commit"
        hint = f"Give the program itself that name (git mv FILE {script}), commit, and run this again."
        raise ToolError(f"{script} {fault}, so there is no program to move.", hint)
    modules, programs = _modules(script, files)
    folder = PurePosixPath(target).parent
    # A module beside the script may have the name that the template gives the script: then the script keeps its own.
    if str(folder / PurePosixPath(target).name) in {str(folder / path) for path in modules}:
        target = str(folder / script)
    new_paths = {path: f"{folder}/{path}" for path in modules} | {script: target}
    for path, analysed in programs.items():
        if "/" not in path:
            beside = [below for data in analysed.data if data.beside for below in files.below(data.path)]
            new_paths |= {data: f"{folder}/{data}" for data in beside if data not in {*managed, *new_paths}}
    _require_free(files, new_paths)
    names = [path.partition("/")[0].removesuffix(".py") for path in modules]
    script_name = {PurePosixPath(script).stem: f"{package}.{PurePosixPath(target).stem}"}
    dotted = {name: f"{package}.{name}" for name in names} | script_name
    return ProgramMove(script, target, package, new_paths, dotted, programs)


def _require_free(files: Committed, moves: Mapping[str, str]) -> None:
    """Raise ToolError where a file of the project has the new path of one that moves, or of a folder above it."""
    places = [str(place) for new in moves.values() for place in (PurePosixPath(new), *PurePosixPath(new).parents)]
    if taken := next((place for place in places if place in files.modes and place not in moves), None):
        message = f"{taken} exists already where {next(iter(moves))} and what it needs would be."
        raise ToolError(message, f"Move it elsewhere (git mv {taken} ...), commit, and run this again.")


def _modules(script: str, files: Committed) -> tuple[list[str], dict[str, Program]]:
    """The script and the files of every module beside it that it imports, directly or not, and what each does."""
    paths, waiting, programs = dict.fromkeys([script]), [script], dict[str, Program]()
    while waiting:
        path = waiting.pop()
        if not path.endswith(".py"):
            continue
        programs[path] = _read(path, files)
        fresh = [file for name in programs[path].modules for file in _beside(name, files) if file not in paths]
        paths |= dict.fromkeys(fresh)
        waiting += fresh
    return list(paths), programs


def _beside(name: str, files: Committed) -> list[str]:
    """The files of a module or package of that name at the project's root."""
    if f"{name}.py" in files.modes:
        return [f"{name}.py"]
    below = files.below(name)
    return below if any(path.endswith(".py") for path in below) and name not in {"src", "tests"} else []


def _read(path: str, files: Committed) -> Program:
    folder = PurePosixPath(path).parent
    try:
        return analysis.read(files.texts[path].decode(), exists=lambda name: bool(files.below(str(folder / name))))
    except (SyntaxError, ValueError, KeyError) as error:
        doubt = Doubt(getattr(error, "lineno", None) or 1, f"it does not parse as Python: {error}.")
        return Program(parses=False, doubts=(doubt,))


# ---- notes ----------------------------------------------------------------------------------------------------


def move_notes(move: ProgramMove) -> list[str]:
    """What a person should look at, each with the place where it is after the move (`PATH:LINE: clause`)."""
    paths = sorted(move.programs)
    return [f"{move.moves.get(path, path)}{clause}" for path in paths for clause in _clauses(move, path)]


def _moves(move: ProgramMove, path: str) -> bool:
    return path in move.moves or any(old.startswith(f"{path}/") for old in move.moves)


def _clauses(move: ProgramMove, path: str) -> Iterator[str]:
    program = move.programs[path]
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
