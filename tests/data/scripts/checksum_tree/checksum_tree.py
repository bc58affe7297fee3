"""Checksums of every file of a folder, in several processes."""
from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, get_type_hints

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    folder: Path
    jobs: int = 1
    algorithm: str = "sha256"
    check: Path | None = None

    prefix: ClassVar[str] = "--"

    @classmethod
    def parse(cls) -> Options:
        parser = argparse.ArgumentParser(description=__doc__)
        kinds = get_type_hints(cls)
        parser.add_argument("folder", type=kinds["folder"])
        for field in fields(cls)[1:]:
            kind = kinds[field.name] if isinstance(kinds[field.name], type) else Path
            parser.add_argument(cls.prefix + field.name, type=kind, default=field.default)
        return cls(**vars(parser.parse_args()))


def checksum(job: tuple[Path, str]) -> tuple[str, str]:
    """The path of a file, and its checksum."""
    path, algorithm = job
    return path.as_posix(), hashlib.new(algorithm, path.read_bytes()).hexdigest()


def walk(folder: Path, algorithm: str) -> list[tuple[Path, str]]:
    """Every file of a folder, as a job."""
    return [(path, algorithm) for path in sorted(folder.rglob("*")) if path.is_file()]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    options = Options.parse()
    if not options.folder.is_dir():
        log.error("no folder %s", options.folder)
        sys.exit(66)
    with ProcessPoolExecutor(options.jobs) as pool:
        sums = dict(pool.map(checksum, walk(options.folder, options.algorithm)))
    if options.check:
        known = json.loads(options.check.read_text())
        changed = sorted(path for path in known.keys() | sums.keys() if known.get(path) != sums.get(path))
        for path in changed:
            log.warning("%s has changed", path)
        sys.exit(1 if changed else 0)
    json.dump(sums, sys.stdout, indent=2)
    print()
    log.info("%d files", len(sums))
