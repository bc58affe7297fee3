"""What a Dockerfile says of a program that moves: what is copied into the image, and what it starts."""

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

    `moves` are all files that move with it, by their old path, `modules` the new names of modules by their old ones.
    """

    script: str
    module: str
    command: str
    moves: Mapping[str, str]
    modules: Mapping[str, str] = field(default_factory=dict)


def started(text: str, renaming: Renaming) -> str:
    """The template's Dockerfile with the start of the next tier's, whose other lines the merge brings."""
    lines = [_started(line, renaming) for line in text.splitlines(keepends=True)]
    if not renaming.command:
        return "".join(lines)
    return "".join(line.replace(f'["python", "-m", "{renaming.module}"', f'["{renaming.command}"') for line in lines)


def followed(text: str, renaming: Renaming) -> str:
    """A Dockerfile with the package copied where the script was, on PYTHONPATH, and `python -m` to start it.

    The package need not be installed in the image for that.
    """
    if not any(old in text for old in renaming.moves):
        return text
    ending = "\r\n" if "\r\n" in text else "\n"
    return "".join(_lines(text.splitlines(keepends=True), renaming, ending))


def _lines(lines: list[str], renaming: Renaming, ending: str) -> Iterator[str]:
    folder = "/"
    for line in lines:
        if _FROM.match(line):
            folder = "/"
        elif found := _WORKDIR.fullmatch(line):
            folder = str(PurePosixPath(folder, found[1]))
        if (found := _COPY.fullmatch(line)) and (copied := _copied(found, folder, renaming)):
            yield from (f"{one}{ending}" for one in copied)
        elif _START.match(line) or line.startswith("#"):
            yield _started(line, renaming)
        else:
            yield line


def _copied(found: re.Match[str], folder: str, renaming: Renaming) -> list[str]:
    """The instructions for a COPY of the script or of what moves with it; [] where it copies neither."""
    *paths, target = found["paths"].split()
    moving = [path for path in paths if path.removeprefix("./").rstrip("/") in _names(renaming)]
    if not moving:
        return _whole(found, folder, paths, target)
    place = PurePosixPath(
        folder, target if len(paths) > 1 or target.endswith(("/", ".")) else PurePosixPath(target).parent
    )
    others = [path for path in paths if path not in moving]
    start = f"{found['word']}{found['flags']} "
    left = [f"{start}{' '.join(others)} {target}"] if others else []
    package = renaming.module
    if renaming.script not in {path.removeprefix("./") for path in moving}:
        return left or [f"# {' '.join(moving)}: in the package {package} now"]
    return [*left, f"{start}src/{package} {place / package}", f"ENV PYTHONPATH={place}"]


def _whole(found: re.Match[str], folder: str, paths: list[str], target: str) -> list[str]:
    """A COPY of everything, with the folder of the package on PYTHONPATH; [] for any other."""
    if not {path.rstrip("/") for path in paths} & {".", ""} or "--from" in found["flags"]:
        return []
    return [found[0].rstrip(), f"ENV PYTHONPATH={PurePosixPath(folder, target) / 'src'}"]


def _names(renaming: Renaming) -> set[str]:
    return {*renaming.moves, *(path.partition("/")[0] for path in renaming.moves)}


def _started(line: str, renaming: Renaming) -> str:
    """An instruction that starts the program, in both forms: `["python", "/app/task.py"]` and `python /app/task.py`."""
    name = rf"(?:[\w./-]*/)?{re.escape(renaming.script)}(?![\w/-]|\.\w)"
    python = r"(?P<python>(?:[\w./-]*/)?python[\d.]*)"
    listed = rf"\"{python}\"(?P<flags>(?:, *\"-\w+\")*), *\"{name}\""
    line = re.sub(listed, rf'"\g<python>"\g<flags>, "-m", "{renaming.module}"', line)
    line = re.sub(rf"{python}(?P<flags>(?: +-\w+)*) +{name}", rf"\g<python>\g<flags> -m {renaming.module}", line)
    return re.sub(rf"\[ *\"{name}\"", f'["python", "-m", "{renaming.module}"', line)
