"""A template and answers become a tree, without copier."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.git.tree import LINK, Entry, Tree
from new_ops_project.template import answers_file as signed
from new_ops_project.template.native import cache, excludes, filters
from new_ops_project.template.native.answers import Answering
from new_ops_project.template.native.engine import Engine, engine
from new_ops_project.template.native.model import CompiledVersion, TemplateFile, is_plain
from new_ops_project.template.native.unsupported import UnsupportedError
from new_ops_project.template.releases import Checkout

_USUAL = ".copier-answers.yml"
_LONGEST_NAME = 255
_engines: dict[int, tuple[CompiledVersion, Engine]] = {}


def unsupported_reason(checkout: Checkout) -> str:
    """Why only copier can render this version of a template, as a clause about it ("has tasks"); '' if not only it."""
    return cache.version(checkout).why


def tree(checkout: Checkout, answers: Mapping[str, Any], *, answers_file: str | None = None) -> Tree:
    """The project, exactly as copier makes it with these answers and its defaults for the rest.

    Raises Unsure where copier would refuse, or might do anything else.
    """
    version = cache.version(checkout)
    if version.why:
        raise UnsupportedError(version.why)
    try:
        return _Rendering.of(checkout, _engine(version), answers, answers_file).tree()
    except UnsupportedError:
        raise
    except Exception as error:  # whatever it is, copier has the same, and the words for it
        raise UnsupportedError(f"cannot be rendered: {type(error).__name__}: {error}") from error


def _engine(version: CompiledVersion) -> Engine:
    """What evaluates this version; it is made once."""
    if id(version) not in _engines:
        _engines[id(version)] = version, engine(version)
    return _engines[id(version)][1]


@dataclass(frozen=True)
class _Rendering:
    checkout: Checkout
    engine: Engine
    answers_file: str
    context: Mapping[str, Any]
    recorded: Mapping[str, Any]
    done: dict[str, Entry] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    @staticmethod
    def of(checkout: Checkout, engine: Engine, answers: Mapping[str, Any], answers_file: str | None) -> "_Rendering":
        """Answer all questions."""
        where = str(PurePosixPath(answers_file or engine.version.settings.get("answers_file", _USUAL)))
        if not is_plain(where, engine.version.settings) or not _is_inside(where):
            raise UnsupportedError(f"has its answers in {where!r}")
        if wrong := [name for name in answers if name.startswith("_") or name in {"now", "make_secret", "self"}]:
            raise UnsupportedError(f"is given the answer {wrong[0]}")
        answering = Answering(engine, {**answers, "_copier_conf": {"answers_file": where}}, answers)
        answering.all()
        recorded = {"_src_path": str(checkout.root), **answering.recorded()}
        context = {**answering.context, "_copier_answers": recorded}
        return _Rendering(checkout, engine, where, context, recorded)

    def tree(self) -> Tree:
        """Render every file that the answers do not leave out."""
        root, is_excluded = self._root(), self._excluded()
        for source in self.engine.version.sources:
            if source.path.startswith(root):
                path = self._destination(source.path.removeprefix(root), root)
                if path and not is_excluded(path):
                    self._add(path, source)
        self._require_places()
        return self._signed()

    def _root(self) -> str:
        """The folder of the template to copy, with a slash, or ''."""
        told = self.engine.text(str(self.engine.version.settings.get("subdirectory", "")), self.context)
        folder, root = PurePosixPath(told), self.checkout.root.resolve()
        if folder == PurePosixPath():
            return ""
        if not _is_inside(told) or not (root / folder).is_dir() or (root / folder).resolve() != root / folder:
            raise UnsupportedError(f"has no folder {told!r}")
        return f"{folder}/"

    def _excluded(self) -> Callable[[str], bool]:
        context = {**self.context, "_copier_operation": "copy"}
        texts = [self.engine.text(text, context) for text in self.engine.version.settings["exclude"]]
        return excludes.matcher(tuple(line for text in texts for line in re.split(r"\r\n|\r|\n", text)))

    def _destination(self, path: str, root: str) -> str:
        """Where a file goes, or '' for one that is left out."""
        version, suffix = self.engine.version, self.engine.version.suffix
        if suffix and f"{root}{path}{suffix}" in version.names:
            return ""
        wanted = version.parts(path)
        parts = list(takewhile(bool, (self.engine.text(part, self.context) for part in wanted)))
        if self.answers_file in parts:
            return self._alone(wanted)
        self.folders.add("/".join(parts[: len(wanted) - 1]))
        if len(parts) < len(wanted):
            return ""
        found = str(PurePosixPath(*parts))
        if not _is_inside(found):
            raise UnsupportedError(f"writes {found!r}")
        is_hidden = not path.endswith(suffix) and (self.checkout.root / f"{found}{suffix}").exists()
        return "" if is_hidden else found

    def _alone(self, parts: tuple[str, ...]) -> str:
        """The answers file; where it is in a folder, or is one, copier writes it somewhere else."""
        if len(parts) > 1:
            raise UnsupportedError("has its answers file in a folder that is a template, too")
        return self.answers_file

    def _add(self, path: str, source: TemplateFile) -> None:
        if path in self.done:
            raise UnsupportedError(f"writes {path} twice")
        self.done[path] = Entry(source.mode, self._content(source))

    def _content(self, source: TemplateFile) -> bytes:
        file = self.checkout.root / source.path
        if source.mode == LINK:
            target = os.readlink(file)  # noqa: PTH115 - a text, not a path
            return os.fsencode(
                str(PurePosixPath(self.engine.text(target, self.context) if source.is_template else target))
            )
        if source.is_template:
            return self.engine.file(source.path, self.context).encode()
        return file.read_bytes()

    def _require_places(self) -> None:
        """No file is where there is a folder, be it an empty one."""
        paths = [PurePosixPath(path) for path in (*self.done, *(f"{folder}/x" for folder in self.folders if folder))]
        for folder in {parent for path in paths for parent in path.parents}:
            if str(folder) in self.done:
                raise UnsupportedError(f"writes {folder}, which is a folder, too")

    def _signed(self) -> Tree:
        """The tree with the template's address and version in its answers file, which copier is not told."""
        path = self._record()
        if path:
            entry = self.done[path]
            self.done[path] = replace(entry, content=self._with_marks(entry.content.decode()).encode())
        return self.done

    def _record(self) -> str:
        """The file with the answers, as render.py finds it where copier wrote it."""
        usual = self.done.get(_USUAL)
        if usual and usual.mode != LINK and b"_src_path:" in usual.content:
            return _USUAL
        root = str(self.checkout.root).encode()
        others = sorted(PurePosixPath(path) for path, entry in self.done.items() if entry.mode != LINK)
        named = (str(path) for path in others if re.fullmatch(r".*\.y.*ml", path.name, re.DOTALL))
        return next((path for path in named if root in self.done[path].content), "")

    def _with_marks(self, text: str) -> str:
        commit = {"_commit": self.checkout.version} if self.checkout.version else {}
        marks = {**commit, "_src_path": self.checkout.source.location}
        dumped = filters.to_nice_yaml(self.recorded) if filters.is_simple(self.recorded) else ""
        head = text.removesuffix(dumped)
        if dumped and head != text and signed.HEAD.fullmatch(head):
            return head + filters.to_nice_yaml({**self.recorded, **marks})
        return signed.set_entries(text, marks)


def _is_inside(path: str) -> bool:
    """Whether it is a path below the project that every file system takes, and not git's own."""
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or "\0" in path:
        return False
    return all(part not in {"..", ".git"} and len(part.encode()) <= _LONGEST_NAME for part in parts)
