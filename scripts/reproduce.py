"""Builds the distributions again from another clone, where only the commit is the same, and compares every byte.

    python scripts/reproduce.py DIST

DIST has what `python -m build` made of this checkout, with SOURCE_DATE_EPOCH as below. The exit code is 1, and what
differs is named, if a byte does.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
ELSEWHERE = {"TZ": "Asia/Kathmandu", "LANG": "C", "LC_ALL": "C", "LC_TIME": "C", "PYTHONHASHSEED": "7"}
GITCONFIG = """
[core]
    autocrlf = true
    compression = 1
[pack]
    threads = 8
    window = 0
[i18n]
    commitEncoding = ISO-8859-1
"""


def main(dist: Path) -> int:
    """Build again, compare, and say what differs; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        again = build(ROOT, Path(folder).resolve())
        names = {path.name for place in (dist, again) for path in place.iterdir()}
        problems = [line for name in sorted(names) for line in differences(dist / name, again / name)]
    for line in problems:
        print(line, file=sys.stderr)
    for path in sorted(dist.iterdir()):
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)
    return 1 if problems or not names else 0


def source_date(checkout: Path) -> str:
    """The time of the last commit, in seconds since 1970 (https://reproducible-builds.org/specs/source-date-epoch/)."""
    command = ["git", "log", "-1", "--format=%ct"]
    return subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout.strip()


def build(checkout: Path, folder: Path) -> Path:
    """Clone the last commit to another path and build there; return the folder of the distributions.

    Other than in `python -m build`, the wheel does not come from the sdist. Umask, time zone, language, times of
    files and configuration of git are not the usual ones.
    """
    config, clone, dist = folder / "gitconfig", folder / "another place", folder / "dist"
    config.write_text(GITCONFIG)
    env = {**os.environ, **ELSEWHERE, "GIT_CONFIG_GLOBAL": str(config), "SOURCE_DATE_EPOCH": source_date(checkout)}
    subprocess.run(["git", "clone", "--quiet", "--no-local", checkout, clone], check=True, env=env, umask=0o077)
    for number, path in enumerate(sorted(clone.rglob("*"))):
        os.utime(path, (number, number), follow_symlinks=False)
    command = [sys.executable, "-m", "build", "--no-isolation", "--sdist", "--wheel", "--outdir", str(dist), str(clone)]
    subprocess.run(command, check=True, env=env, umask=0o077, stdout=subprocess.DEVNULL)
    return dist


def differences(one: Path, other: Path) -> list[str]:
    """A line for each difference between two archives of the same name; none if they are the same bytes."""
    if not (one.exists() and other.exists()):
        return [f"{one.name}: only one of the builds made it"]
    if one.read_bytes() == other.read_bytes():
        return []
    left, right = members(one), members(other)
    differing = sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))
    return [f"{one.name}: {name} differs" for name in differing or ["the order or compression of its files"]]


def members(archive: Path) -> dict[str, object]:
    """Each file of a wheel or sdist, with everything that is recorded of it."""
    if archive.suffix == ".whl":
        with ZipFile(archive) as wheel:
            return {file.filename: (file.date_time, file.external_attr, wheel.read(file)) for file in wheel.infolist()}
    with tarfile.open(archive) as sdist:
        return {file.name: (file.get_info(), _content(sdist, file)) for file in sdist}


def _content(sdist: tarfile.TarFile, file: tarfile.TarInfo) -> bytes | None:
    reader = sdist.extractfile(file)
    return reader.read() if reader else None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
