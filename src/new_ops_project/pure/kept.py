"""What was compiled of a version is kept on disk, so that one run of the tool does not compile."""

import hashlib
import marshal
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from new_ops_project import __version__, unpacked
from new_ops_project.pure.model import Source, Version
from new_ops_project.template import Checkout

_versions: dict[tuple[str | None, Path], Version] = {}


def version(checkout: Checkout) -> Version:
    """What is known of this version of a template, found out once."""
    if checkout.commit is None:
        return Version("is a plain folder, which can change at any time")
    key = checkout.commit, checkout.root
    if key not in _versions:
        file = _file(checkout.commit)
        _versions[key] = _read(file) or _written(file, _judged(checkout.root))
    return _versions[key]


def _judged(root: Path) -> Version:
    from new_ops_project.pure.judged import judged  # which is wanted once for a version

    return judged(root)


def _file(commit: str) -> Path:
    """Where it is kept: apart for each release of Python, of jinja2 and of this code, which make the code objects."""
    import jinja2

    here = sorted((path.name, path.stat().st_mtime_ns) for path in Path(__file__).parent.glob("*.py"))
    made_by = hashlib.sha256(repr((sys.version, jinja2.__version__, __version__, here)).encode()).hexdigest()
    return unpacked.cache_folder() / "compiled" / f"{commit}-{made_by[:16]}"


def _read(file: Path) -> Version | None:
    """What was kept; None where nothing was, or it is damaged."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, data = content[:32], content[32:]
    if hashlib.sha256(data).digest() != digest:
        return None
    why, settings, questions, strings, named, sources, names = marshal.loads(data)  # noqa: S302 - ours, and whole
    return Version(why, settings, questions, strings, named, tuple(Source(*one) for one in sources), names)


def _written(file: Path, version: Version) -> Version:
    """Keep it, where that can be done: a date in copier.yml cannot be kept, a full disk keeps nothing."""
    with suppress(OSError, ValueError):
        data = marshal.dumps(_plain(version))
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as fresh:
                fresh.write(hashlib.sha256(data).digest() + data)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
    return version


def _plain(version: Version) -> tuple[Any, ...]:
    sources = tuple((one.path, one.mode, one.is_template) for one in version.sources)
    return (version.why, dict(version.settings), version.questions, dict(version.strings), dict(version.named), sources,
            version.names)  # fmt: skip
