"""The renderer, which turns a compiled template into a tree."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError
from new_ops_project.git.tree import LINK, Entry, Tree
from new_ops_project.template.answers_file import ANSWERS_FILE, HEAD, set_entries
from new_ops_project.template.errors import UnsupportedError
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.native import cache, excludes
from new_ops_project.template.native.model import CompiledVersion, TemplateFile
from new_ops_project.template.releases import Checkout

_LONGEST_NAME = 255  # bytes
# The types of answers that copier records.
_RECORDED = (dict, list, str, int, float, bool, type(None))


def unsupported_reason(checkout: Checkout) -> str:
    """Why only copier can render this version of a template, as a clause ("has tasks"); '' if this module can too."""
    version = cache.version(checkout)
    return version if isinstance(version, str) else ""


def prepare(checkout: Checkout) -> None:
    """Import and make here what `tree` needs late, so that no child has to; of the template, nothing runs."""
    import pathspec  # noqa: F401, PLC0415 - our own template needs none of them
    import yaml  # noqa: F401, PLC0415

    from new_ops_project.template import jinja  # noqa: F401, PLC0415

    version = cache.version(checkout)
    if not isinstance(version, str):
        _ = version.templates.environment.lexer  # its patterns take longer than a small template


def tree(
    checkout: Checkout,
    answers: Answers | Mapping[str, Any],
    *,
    answers_file: str | None = None,
    operation: str = "copy",
) -> Tree:
    """The project, exactly as copier makes it from these answers and the defaults of the other questions.

    `Answers` are complete, and taken as they are. Raises UnsupportedError if copier would refuse the answers, or might
    render something else.
    """
    version = cache.version(checkout)
    if isinstance(version, str):
        raise UnsupportedError(version)
    try:
        return replace(_Rendering.of(checkout, version, answers, answers_file), operation=operation).tree()
    except (UnsupportedError, MemoryError):
        raise
    except ToolError as error:
        raise UnsupportedError(f"cannot be rendered with these answers: {error.message}") from error
    except Exception as error:  # copier meets the same error, and has a message for it
        raise UnsupportedError(f"cannot be rendered: {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class _Rendering:
    checkout: Checkout
    version: CompiledVersion
    answers_file: str
    context: Mapping[str, Any]
    recorded: Mapping[str, Any]
    operation: str = "copy"
    done: dict[str, Entry] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    @staticmethod
    def of(
        checkout: Checkout, version: CompiledVersion, given: Answers | Mapping[str, Any], answers_file: str | None
    ) -> "_Rendering":
        """Answer all questions."""
        path = str(PurePosixPath(answers_file or version.questionnaire.config.get("answers_file", ANSWERS_FILE)))
        if not version.questionnaire.is_plain(path) or not _is_inside(path):
            raise UnsupportedError(f"has its answers in {path!r}")
        conf = {"_copier_conf": {"answers_file": path}}
        if isinstance(given, Answers):
            answers = given
        else:
            if reserved := [name for name in given if name.startswith("_") or name in {"now", "make_secret", "self"}]:
                raise UnsupportedError(f"is given the answer {reserved[0]}")
            answers = Answers(version.questionnaire, dict(conf), templates=version.templates)
            answers.complete(given)
        kept = {name: value for name, value in answers.recorded.items() if isinstance(value, _RECORDED)}
        recorded = {"_src_path": str(checkout.root), **kept}
        context = {**answers.values, **conf, "_copier_answers": recorded}
        return _Rendering(checkout, version, path, context, recorded)

    def tree(self) -> Tree:
        """Render every file that the answers do not exclude."""
        root, is_excluded = self._root(), self._exclude_matcher()
        for file in self.version.files:
            if file.path.startswith(root):
                path = self._destination(file.path.removeprefix(root), root)
                if path and not is_excluded(path):
                    self._add(path, file)
        self._require_no_overlap()
        return self._with_template_recorded()

    def _text(self, text: str, **more: str) -> str:
        if self.version.questionnaire.is_plain(text):
            return text
        return self.version.templates.text(text, {**self.context, **more})

    def _root(self) -> str:
        """The folder of the template that is rendered, with a slash at its end, or ''."""
        subdirectory = self._text(self.version.subdirectory)
        folder, root = PurePosixPath(subdirectory), self.checkout.root.resolve()
        if folder == PurePosixPath():
            return ""
        if not _is_inside(subdirectory) or not (root / folder).is_dir() or (root / folder).resolve() != root / folder:
            raise UnsupportedError(f"has no folder {subdirectory!r}")
        return f"{folder}/"

    def _exclude_matcher(self) -> Callable[[str], bool]:
        texts = [self._text(text, _copier_operation=self.operation) for text in self.version.questionnaire.exclude]
        return excludes.matcher(tuple(line for text in texts for line in re.split(r"\r\n|\r|\n", text)))

    def _destination(self, path: str, root: str) -> str:
        """Where a file goes, or '' for one that is not written.

        A part of the path that evaluates to '' leaves the file out. So does a file of the same name with the suffix:
        copier takes that one, whether it looks for it by the name in the template or by the evaluated name.
        """
        version, suffix = self.version, self.version.suffix
        if suffix and f"{root}{path}{suffix}" in version.paths:
            return ""
        all_parts = version.parts(path)
        parts = list(takewhile(bool, map(self._text, all_parts)))
        if self.answers_file in parts:
            return self._answers_destination(all_parts)
        self.folders.add("/".join(parts[: len(all_parts) - 1]))
        if len(parts) < len(all_parts):
            return ""
        destination = str(PurePosixPath(*parts))
        if not _is_inside(destination):
            raise UnsupportedError(f"writes {destination!r}")
        is_hidden = not path.endswith(suffix) and (self.checkout.root / f"{destination}{suffix}").exists()
        return "" if is_hidden else destination

    def _answers_destination(self, parts: tuple[str, ...]) -> str:
        """Where the answers file goes; if it is in a folder, or is one, copier writes it somewhere else."""
        if len(parts) > 1:
            raise UnsupportedError("has its answers file in a folder that is a template too")
        return self.answers_file

    def _add(self, path: str, file: TemplateFile) -> None:
        if path in self.done:
            raise UnsupportedError(f"writes {path} twice")
        self.done[path] = Entry(file.mode, self._content(file))

    def _content(self, file: TemplateFile) -> bytes:
        path = self.checkout.root / file.path
        if file.mode == LINK:
            target = os.readlink(path)  # noqa: PTH115 - a text, not a path
            return os.fsencode(str(PurePosixPath(self._text(target) if file.is_template else target)))
        if file.is_template:
            return self.version.templates.file(file.path, self.context).encode()
        return reading.read(path)

    def _require_no_overlap(self) -> None:
        """Raise UnsupportedError if a file has the path of a folder, even of an empty one."""
        paths = [PurePosixPath(path) for path in (*self.done, *(f"{folder}/x" for folder in self.folders if folder))]
        for folder in {parent for path in paths for parent in path.parents}:
            if str(folder) in self.done:
                raise UnsupportedError(f"writes {folder}, which is a folder too")

    def _with_template_recorded(self) -> Tree:
        """The tree with the template's address and version in its answers file.

        The texts see what copier would see of a plain folder, so both are added afterwards, as for copier's result.
        """
        path = self._find_answers_file()
        if path:
            entry = self.done[path]
            self.done[path] = replace(entry, content=self._record_template(entry.content.decode()).encode())
        return self.done

    def _find_answers_file(self) -> str:
        """The path of the answers file, found as `copier_renderer` finds it in what copier wrote; '' for none."""
        usual = self.done.get(ANSWERS_FILE)
        if usual and usual.mode != LINK and b"_src_path:" in usual.content:
            return ANSWERS_FILE
        root = str(self.checkout.root).encode()
        others = sorted(PurePosixPath(path) for path, entry in self.done.items() if entry.mode != LINK)
        yaml_files = (str(path) for path in others if re.fullmatch(r".*\.y.*ml", path.name, re.DOTALL))
        return next((path for path in yaml_files if root in self.done[path].content), "")

    def _record_template(self, text: str) -> str:
        """The text of the answers file with the template's address and version.

        `set_entries` could do it alone, but has to parse the text, which takes long. So copier's plain dump is replaced
        by one that is put together from cached lines.
        """
        from new_ops_project.template import jinja  # noqa: PLC0415 - a check of a current project renders nothing

        commit = {"_commit": self.checkout.version} if self.checkout.version else {}
        entries = {**commit, "_src_path": self.checkout.source.location}
        dump = jinja.to_nice_yaml(self.recorded) if jinja.is_simple(self.recorded) else ""
        head = text.removesuffix(dump)
        if dump and head != text and HEAD.fullmatch(head):
            return head + jinja.to_nice_yaml({**self.recorded, **entries})
        return set_entries(text, entries)


def _is_inside(path: str) -> bool:
    """Whether a path is below the project, is valid on every file system, and does not belong to git."""
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or "\0" in path:
        return False
    return all(part not in {"..", ".git"} and len(part.encode()) <= _LONGEST_NAME for part in parts)
