"""The rewriting of a Dockerfile for a program that moves into a package."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_COPY = re.compile(r"(?P<word>COPY|ADD)(?P<flags>(?:\s+--\S+)*)\s+(?P<paths>[^\[\\]+?)\s*", re.IGNORECASE)
_WORKDIR = re.compile(r"WORKDIR\s+(\S+)\s*", re.IGNORECASE)
_FROM = re.compile(r"FROM\s", re.IGNORECASE)
_START = re.compile(r"(ENTRYPOINT|CMD|RUN|HEALTHCHECK)\b|\s", re.IGNORECASE)


@dataclass(frozen=True)
class Renaming:
    """A program that was the file `script` and is now `module`; `command` runs it where it is installed ('' for none).

    `moves` has the new path of every file that moves, by its old one; `modules` has the new dotted name of every module
    that moves, by its old one.
    """

    script: str
    module: str
    command: str
    moves: Mapping[str, str]
    modules: Mapping[str, str] = field(default_factory=dict)


def rewrite_start(text: str, renaming: Renaming) -> str:
    """The template's Dockerfile with only its start command rewritten; the merge brings the other lines."""
    lines = [_rewrite_start_line(line, renaming) for line in text.splitlines(keepends=True)]
    if not renaming.command:
        return "".join(lines)
    return "".join(line.replace(f'["python", "-m", "{renaming.module}"', f'["{renaming.command}"') for line in lines)


def rewrite(text: str, renaming: Renaming) -> str:
    """A Dockerfile of the user's that copies the package instead of the script, and starts it with `python -m`.

    The folder of the package is on PYTHONPATH, so it need not be installed in the image.
    """
    if not any(old in text for old in renaming.moves):
        return text
    ending = "\r\n" if "\r\n" in text else "\n"
    return "".join(_rewrite_lines(text.splitlines(keepends=True), renaming, ending))


def _rewrite_lines(lines: list[str], renaming: Renaming, ending: str) -> Iterator[str]:
    folder = "/"
    for line in lines:
        if _FROM.match(line):
            folder = "/"
        elif match := _WORKDIR.fullmatch(line):
            folder = str(PurePosixPath(folder, match[1]))
        if (match := _COPY.fullmatch(line)) and (instructions := _rewrite_copy(match, folder, renaming)):
            yield from (f"{instruction}{ending}" for instruction in instructions)
        elif _START.match(line) or line.startswith("#"):
            yield _rewrite_start_line(line, renaming)
        else:
            yield line


def _rewrite_copy(match: re.Match[str], folder: str, renaming: Renaming) -> list[str]:
    """The instructions in place of a COPY of the script or of what moves with it; [] where it copies neither."""
    *paths, target = match["paths"].split()
    names = {*renaming.moves, *(path.partition("/")[0] for path in renaming.moves)}
    moving = [path for path in paths if path.removeprefix("./").rstrip("/") in names]
    if not moving:
        return _rewrite_copy_of_all(match, folder, paths, target)
    place = PurePosixPath(
        folder, target if len(paths) > 1 or target.endswith(("/", ".")) else PurePosixPath(target).parent
    )
    others = [path for path in paths if path not in moving]
    start = f"{match['word']}{match['flags']} "
    rest = [f"{start}{' '.join(others)} {target}"] if others else []
    if renaming.script not in {path.removeprefix("./") for path in moving}:
        return rest or [f"# {' '.join(moving)}: in the package {renaming.module} now"]
    return [*rest, f"{start}src/{renaming.module} {place / renaming.module}", f"ENV PYTHONPATH={place}"]


def _rewrite_copy_of_all(match: re.Match[str], folder: str, paths: list[str], target: str) -> list[str]:
    """A COPY of everything, with the folder of the package on PYTHONPATH; [] for any other COPY."""
    if not {path.rstrip("/") for path in paths} & {".", ""} or "--from" in match["flags"]:
        return []
    return [match[0].rstrip(), f"ENV PYTHONPATH={PurePosixPath(folder, target) / 'src'}"]


def _rewrite_start_line(line: str, renaming: Renaming) -> str:
    """An instruction that starts the program, in both forms: `["python", "/app/task.py"]` and `python /app/task.py`."""
    name = rf"(?:[\w./-]*/)?{re.escape(renaming.script)}(?![\w/-]|\.\w)"
    python = r"(?P<python>(?:[\w./-]*/)?python[\d.]*)"
    listed = rf"\"{python}\"(?P<flags>(?:, *\"-\w+\")*), *\"{name}\""
    line = re.sub(listed, rf'"\g<python>"\g<flags>, "-m", "{renaming.module}"', line)
    line = re.sub(rf"{python}(?P<flags>(?: +-\w+)*) +{name}", rf"\g<python>\g<flags> -m {renaming.module}", line)
    return re.sub(rf"\[ *\"{name}\"", f'["python", "-m", "{renaming.module}"', line)
