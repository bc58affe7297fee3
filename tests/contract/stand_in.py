"""The stand-in for copier in copier's own tests: its update is ours, and our renderer repeats its renders.

Run as a program, this is the `copier` command with both replaced. Each render adds a line to the file RENDERS: what
became of the comparison, a tab, and the reason.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from copier._cli import CopierApp
from copier._main import Worker
from copier._settings import is_trusted_repository
from copier._types import VcsRef
from copier.errors import CopierError, InteractiveSessionError, TaskError, UnsafeTemplateError, UserMessageError
from plumbum import local

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.git.tree import read
from new_ops_project.plan.destination import Destination
from new_ops_project.project.update.preparation import UpdateTarget
from new_ops_project.project.verbs.update import update
from new_ops_project.template import native, releases
from new_ops_project.template.errors import UnsupportedError
from new_ops_project.template.releases import Checkout
from new_ops_project.template.sources import Source

RENDERS = "CONTRACT_RENDERS"
# The labels of copier's conflict markers, by ours; copier's have no base.
_CONFLICT = re.compile(
    rb"^<<<<<<< your project\n(.*?)^\|\|\|\|\|\|\| old template\n.*?^=======\n(.*?)^>>>>>>> new template$",
    re.MULTILINE | re.DOTALL,
)
_COPIERS = rb"<<<<<<< before updating\n\1=======\n\2>>>>>>> after updating"


def install() -> None:
    """Replace copier's update by ours in this process, and compare each of its renders with ours."""
    replaced: Any = Worker
    copy, copiers_update = replaced.run_copy, replaced.run_update
    name = "_render_template"  # tasks change what was rendered, so it is read before they run
    render = getattr(replaced, name)
    setattr(replaced, name, lambda worker: _render_and_read(worker, render))
    replaced.run_copy = lambda worker: _copy_and_compare(worker, copy)
    # Without leave to overwrite, copier refuses; ours has no such option.
    replaced.run_update = lambda worker: _update(worker) if worker.overwrite else copiers_update(worker)


# ---- updates --------------------------------------------------------------------------------------------------------


def _update(worker: Any) -> None:
    """Update the project of a copier worker with our tool; errors become copier's, and so do conflict markers."""
    folder = Path(worker.dst_path).absolute()
    plans: list[Any] = []
    with _environment_of_plumbum(), _errors_of_copier(worker):
        destination = Destination("update", preview=worker.pretend)
        outcome = update(folder, _target(worker), destination, accept=True, show=lambda *shown: plans.append(shown[-1]))
        if outcome.state == "waiting":
            raise ToolError("An earlier change is not committed yet.")
    for path in (folder / conflict.path for plan in plans for conflict in plan.conflicts):
        with suppress(OSError):
            path.write_bytes(_CONFLICT.sub(_COPIERS, path.read_bytes()))


def _target(worker: Any) -> UpdateTarget:
    """What our update is asked for, as a person would ask for it who knows what the worker is to do."""
    ref, former = worker.vcs_ref, worker.subproject.template
    if former and ref is VcsRef.CURRENT:
        ref = former.ref
    elif former and worker.use_prereleases:
        ref = worker.template.commit
    if former:  # copier warns of its older form of migrations, which tests expect
        worker.template.migration_tasks("before", former)
    trust = worker.unsafe or bool(former and is_trusted_repository(worker.settings.trust, worker.template.url))
    file = str(worker.answers_file) if worker.answers_file else None
    given = tuple(_assignments(worker))
    return UpdateTarget(to=ref, assignments=given, trust=trust, skip_tasks=worker.skip_tasks, answers_file=file)


def _assignments(worker: Any) -> Iterator[str]:
    for name, value in worker.data.items():
        yield f"{name}={value if isinstance(value, str) else json.dumps(value)}"


@contextmanager
def _environment_of_plumbum() -> Iterator[None]:
    """Let our processes have the environment that a test gives copier's, and nothing that an earlier update read."""
    releases.clear_caches()
    with patch.dict(os.environ, dict(local.env), clear=True):
        yield


@contextmanager
def _errors_of_copier(worker: Any) -> Iterator[None]:
    """Raise the error of copier's own with which its tests expect what our error is about."""
    try:
        yield
    except ToolError as error:
        message = f"{error.message} {error.hint}"
        if error.exit_code == Exit.UNTRUSTED:
            worker._check_unsafe("update")  # noqa: SLF001 - copier's words, if it refuses too
            raise UnsafeTemplateError([message]) from error
        if isinstance(error.__cause__, CopierError):
            raise error.__cause__ from error
        if re.match(r"(The|A) (task|migration)\b", error.message):
            raise TaskError(message, 1, None, None) from error
        raise UserMessageError(message) from error


# ---- renders --------------------------------------------------------------------------------------------------------


def _copy_and_compare(worker: Any, copy: Callable[[Any], None]) -> None:
    """Let copier render, then render the same natively; raises AssertionError if the two differ by a byte."""
    folder = Path(worker.dst_path).absolute()
    obstacle = _obstacle(worker, folder)
    try:
        copy(worker)
    except (InteractiveSessionError, KeyboardInterrupt, TaskError, UnsafeTemplateError):
        raise
    except Exception:
        if not obstacle and isinstance(_render(worker, dict(worker.data)), dict):
            _record("different", "copier refuses to render this")
            raise AssertionError("our renderer renders what copier refuses") from None
        raise
    if obstacle:
        _record("not comparable", obstacle)
        return
    ours = _render(worker, _given(worker))
    if isinstance(ours, str):
        _record("left to copier", ours)
        return
    theirs = worker.rendered
    if different := sorted(path for path in {*ours, *theirs} if ours.get(path) != theirs.get(path)):
        _record("different", ", ".join(different))
        raise AssertionError(
            "".join(f"\n{path}: ours {ours.get(path)}, copier's {theirs.get(path)}" for path in different)
        )
    _record("native", "")


def _render_and_read(worker: Any, render: Callable[[Any], None]) -> None:
    render(worker)
    worker.rendered = read(Path(worker.dst_path))


def _obstacle(worker: Any, folder: Path) -> str:
    """Why the render of a worker cannot be compared with ours, or ''."""
    if folder.is_dir() and any(path.name != ".git" for path in folder.iterdir()):
        return "the folder is not empty"
    given = [name for name in ("pretend", "exclude", "skip_if_exists") if getattr(worker, name)]
    return f"copier is given {given[0]}" if given else ""


def _given(worker: Any) -> dict[str, Any]:
    """What our renderer is given: as little as possible, so that it has to find the defaults itself."""
    is_plain = worker.defaults and not (worker.user_defaults or worker.settings.defaults or worker.answers.last)
    return dict(worker.data) if is_plain else {**worker.answers.last, **worker.data, **worker.answers.user}


def _render(worker: Any, given: dict[str, Any]) -> Any:
    """The tree that our renderer makes of a worker's template, or the reason why it leaves that to copier."""
    try:
        template = worker.template
        with tempfile.TemporaryDirectory() as holder:
            root = Path(template.local_abspath)
            if (root / ".git").exists():  # a clone of copier's; its .git is no part of the template
                root = shutil.copytree(root, Path(holder).resolve() / "template", symlinks=True)
                shutil.rmtree(root / ".git")
            checkout = Checkout(Source(str(template.url), ""), root, template.commit, Path(holder).name)
            answers_file = str(worker.answers_file) if worker.answers_file else None
            return native.tree(checkout, given, answers_file=answers_file)
    except (UnsupportedError, ToolError) as error:
        return str(error)


def _record(verdict: str, reason: str) -> None:
    with Path(os.environ[RENDERS]).open("a", encoding="utf-8") as file:
        file.write(f"{verdict}\t{' '.join(reason.split())}\n")


if __name__ == "__main__":
    install()
    sys.exit(CopierApp.run()[1])
