"""Template and answers become files, in this process or through copier: the only door to both."""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from new_ops_project.base import interrupts
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.git.tree import Tree, read, write
from new_ops_project.template import answers_file as signed
from new_ops_project.template import native
from new_ops_project.template.releases import Checkout


def preload(checkout: Checkout | None = None) -> None:
    """Get ready to render this version, which can take longer than rendering; the prompts do that while a person types.

    Without a version, import copier.
    """
    if checkout and way(checkout) == "pure":
        return
    with interrupts.later():
        import copier  # noqa: F401 - the point is its side effect


# "copier" has copier render everything, "pure" refuses what only copier can render.
_VARIABLE = "NEW_OPS_PROJECT_RENDERER"
# Why copier rendered what could be rendered here, by the commit of the template.
_left: dict[str | None, str] = {}
_taken: dict[str, None] = {}


def way(*checkouts: Checkout) -> str:
    """How these versions of a template are rendered: "pure", or "copier: " and why, if one of them needs it."""
    return next((one for one in map(_way, checkouts) if one != "pure"), "pure")


def _way(checkout: Checkout) -> str:
    if os.environ.get(_VARIABLE) == "copier":
        return f"copier: {_VARIABLE} says so"
    why = native.reason(checkout) or _left.get(checkout.commit, "")
    return f"copier: the template {why}" if why else "pure"


def taken() -> str:
    """How what was rendered since the last call was rendered; '' if nothing was."""
    found = "; ".join(_taken)
    _taken.clear()
    return found


def _purely(checkout: Checkout, answers: Mapping[str, Any], answers_file: str | None) -> Tree | None:
    """The project as it is rendered here; None where that is left to copier."""
    forced = os.environ.get(_VARIABLE, "")
    if forced not in {"", "copier", "pure"}:
        raise ToolError(f"{_VARIABLE} is {forced!r}.", "Set it to copier or pure, or not at all.")
    try:
        made = None if forced == "copier" else native.tree(checkout, answers, answers_file=answers_file)
    except native.UnsupportedError as unsure:
        if forced == "pure":
            message = f"The template {checkout.source.name} is for copier: it {unsure}."
            raise ToolError(message, f"Unset {_VARIABLE}.") from unsure
        _left[checkout.commit] = str(unsure)
        _taken[f"copier: the template {unsure}"] = None
        return None
    _taken["pure" if made is not None else f"copier: {_VARIABLE} says so"] = None
    return made


def render(
    checkout: Checkout,
    answers: Mapping[str, Any],
    into: Path,
    *,
    answers_file: str | None = None,
    trusted: bool = False,
    ask: bool = False,
) -> None:
    """Write the project to the folder `into`, which must be empty or absent.

    `answers_file` is where the answers go, if not where the template says. With `ask`, copier asks for what `answers`
    lacks; else it takes defaults. Raises ToolError for everything that a template or an answer can do wrong,
    KeyboardInterrupt when the person stops at one of copier's questions.
    """
    made = None if ask else _purely(checkout, answers, answers_file)
    if made is None:
        _by_copier(checkout, answers, into, answers_file=answers_file, trusted=trusted, ask=ask)
        return
    with _writing():
        write(into, made)


@contextmanager
def _writing() -> Iterator[None]:
    """Turn what a disk refuses into one sentence."""
    try:
        yield
    except OSError as error:
        raise ToolError(f"The project cannot be written: {error.strerror or error}.", "Nothing was kept.") from error


def _by_copier(
    checkout: Checkout,
    answers: Mapping[str, Any],
    into: Path,
    *,
    answers_file: str | None,
    trusted: bool,
    ask: bool = False,
) -> None:
    preload()
    import copier

    needs_git = (checkout.root / ".gitmodules").is_file() or _speaks_of_itself(checkout.root)
    repository = checkout.repository if needs_git else None
    around = _own_cache() if repository else nullcontext() if trusted else _without_git()
    with _readable_errors(checkout), _fast_yaml(), _compiled_once(), around:
        copier.run_copy(
            str(repository or checkout.root),
            into,
            data=dict(answers),
            defaults=not ask,
            overwrite=True,
            quiet=not ask,
            unsafe=trusted,
            settings=copier.Settings(),
            answers_file=answers_file,
            vcs_ref=checkout.commit if repository else None,
        )
    if repository:
        _rename(into, repository, checkout.source.location)
    else:
        _sign(into, checkout)


# What copier can only answer for a git repository.
_OF_ITSELF = re.compile(rb"_copier_answers\s*[.\[]|_copier_conf\s*\.\s*(vcs|src)|\b_commit\b|_src_path")


def _speaks_of_itself(root: Path) -> bool:
    """Whether the template writes its own address or version elsewhere than in copier's dump of the answers.

    Copier then needs the repository, which costs a clone; else it is given the plain folder.
    """
    configs = [path for name in ("copier.yml", "copier.yaml") if (path := root / name).is_file()]
    is_usual = not any(b"_templates_suffix" in path.read_bytes() for path in configs)
    files = root.rglob("*.jinja") if is_usual else (path for path in root.rglob("*") if ".git" not in path.parts)
    return any(_OF_ITSELF.search(path.read_bytes()) for path in (*configs, *files) if path.is_file())


@contextmanager
def _own_cache() -> Iterator[None]:
    """Let copier clone into a cache of this run's: its own has no lock, and parallel runs break each other."""
    with tempfile.TemporaryDirectory() as cache, _environment(COPIER_CACHE_DIR=cache), _no_hooks():
        yield


@contextmanager
def _no_hooks() -> Iterator[None]:
    """Let no hook of the user's run on copier's temporary trees."""
    from plumbum import local

    quiet = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": os.devnull,
        "GIT_TEMPLATE_DIR": "",
    }
    with local.env(**quiet):
        yield


def _rename(project: Path, repository: Path, location: str) -> None:
    """Write the template's address where it wrote the repository that copier was given."""
    known = re.compile(re.escape(str(repository).encode()) + rb"(?![\w/-]|\.\w)")
    for path in project.rglob("*"):
        if path.is_file() and not path.is_symlink() and known.search(content := path.read_bytes()):
            path.write_bytes(known.sub(lambda _: location.encode(), content))


def tree(
    checkout: Checkout,
    answers: Mapping[str, Any],
    folder: Path,
    *,
    answers_file: str,
    trusted: bool = False,
    beside: Mapping[str, bytes] | None = None,
) -> Tree:
    """What the project in `folder` would be; that folder is neither read nor written.

    `beside` are files of the project, by path, that the template reads. Raises what `render` raises.
    """
    made = None if beside else _purely(checkout, answers, answers_file)
    if made is not None:
        return made
    with tempfile.TemporaryDirectory() as holder:
        into = Path(holder, folder.name or "project")  # a template may write its folder's name (_folder_name)
        for path, content in (beside or {}).items():
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            (into / path).write_bytes(content)
        _by_copier(checkout, answers, into, answers_file=answers_file, trusted=trusted)
        found = {path: entry for path, entry in read(into).items() if entry.content != (beside or {}).get(path)}
    # It may write the whole path, too (_copier_conf.dst_path), and then means the project's.
    names = [(os.fsencode(path), os.fsencode(folder)) for path in {into.resolve(), into}]
    for name, real in names:
        found = {path: replace(entry, content=entry.content.replace(name, real)) for path, entry in found.items()}
    return found


def update(checkout: Checkout, folder: Path, answers: Mapping[str, Any], *, answers_file: str) -> None:
    """Let copier's own update loose on the project in `folder`, with the template's tasks and migrations.

    Only for a copy of the project: what copier's update loses is lost there. Raises ToolError when it fails.
    """
    preload()
    import copier

    with _readable_errors(checkout), _fast_yaml(), _own_cache():
        copier.run_update(
            folder,
            data=dict(answers),
            vcs_ref=checkout.commit,
            answers_file=answers_file,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=True,
            conflict="inline",
            settings=copier.Settings(),
        )
    file = folder / answers_file
    marks = {"_commit": str(checkout.version), "_src_path": checkout.source.location}
    file.write_bytes(signed.resigned(file.read_bytes().decode(), marks).encode())


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Have `values` in the environment of this process."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _without_git() -> Iterator[None]:
    """Let copier find no git: it would ask git about every file that it writes, for a repository that is not there yet.

    Nothing is lost: the template is a plain folder here. Measured: a sixth of a render (docs/performance.md).
    """
    from plumbum import local

    with local.env(PATH=os.devnull):
        yield


@contextmanager
def _fast_yaml() -> Iterator[None]:
    """Let copier read YAML with libyaml, where PyYAML has it: the same result, for a quarter of a render less.

    Copier subclasses `yaml.SafeLoader` when it reads copier.yml, and offers no other way to choose.
    """
    import yaml

    slow = yaml.SafeLoader
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", slow)  # type: ignore[misc]
    try:
        yield
    finally:
        yaml.SafeLoader = slow  # type: ignore[misc]


# What decides, beside its text, what a template is compiled to.
_SETTINGS = (
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "line_statement_prefix",
    "line_comment_prefix",
    "trim_blocks",
    "lstrip_blocks",
    "newline_sequence",
    "keep_trailing_newline",
    "optimized",
    "finalize",
    "autoescape",
    "sandboxed",
    "is_async",
)
_compiled: dict[tuple[Any, ...], Any] = {}
_MOST_COMPILED = 20_000


def _is_plain(environment: Any, source: Any) -> bool:
    """Whether compiling a text does no more than that: copier's `yield` notes what it finds, others' tags may."""
    known = all(name.startswith(("copier.", "jinja2_ansible_filters.")) for name in environment.extensions)
    return known and isinstance(source, str) and "yield" not in source


@contextmanager
def _compiled_once() -> Iterator[None]:
    """Let jinja2 compile each text once in this process: copier asks for the same ones hundreds of times in a render.

    What comes out of it is the same code object. Measured: half of a render (docs/performance.md).
    """
    import jinja2

    slow = jinja2.Environment.compile

    def compile_once(self: jinja2.Environment, source: Any, *args: Any, **more: Any) -> Any:
        if not _is_plain(self, source):
            return slow(self, source, *args, **more)
        settings = tuple(getattr(self, name) for name in _SETTINGS)
        key = (type(self), settings, tuple(self.extensions), source, args, tuple(more.items()))
        if key in _compiled:
            self.preprocess(source)  # extensions begin anew with each text
            return _compiled[key]
        found = slow(self, source, *args, **more)
        if len(_compiled) < _MOST_COMPILED:
            _compiled[key] = found
        return found

    jinja2.Environment.compile = compile_once  # type: ignore[method-assign]
    try:
        yield
    finally:
        jinja2.Environment.compile = slow  # type: ignore[method-assign]


@contextmanager
def _readable_errors(checkout: Checkout) -> Iterator[None]:
    """Turn what copier, its template engine and its shell raise into one sentence."""
    from copier.errors import CopierAnswersInterrupt, UnsafeTemplateError
    from jinja2 import TemplateNotFound

    name = checkout.source.name
    try:
        yield
    except CopierAnswersInterrupt as error:
        raise KeyboardInterrupt from error
    except UnsafeTemplateError as error:
        raise ToolError(
            f"The template {name} needs trust: {error}", "Read it first; then add --trust.", Exit.UNTRUSTED
        ) from error
    except TemplateNotFound as error:  # which is an OSError, too
        message = f"The template {name} cannot be rendered: it includes {error}, which it does not have."
        raise ToolError(message, "Mend it there.") from error
    except OSError as error:
        raise ToolError(f"The project cannot be written: {error.strerror or error}.", "Nothing was kept.") from error
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ToolError(f"The template {name} cannot be rendered: {lines[0]}", " ".join(lines[1:3])) from error


def _sign(project: Path, checkout: Checkout) -> None:
    """Record where the template is and its version, which copier could not tell from a plain folder."""
    file = _answers_file(project, str(checkout.root).encode())
    if file:
        marks = {"_commit": checkout.version} if checkout.version else {}
        text = file.read_bytes().decode()
        file.write_bytes(signed.resigned(text, {**marks, "_src_path": checkout.source.location}).encode())


def _answers_file(project: Path, root: bytes) -> Path | None:
    """The file that names the folder which copier was given, wherever the template keeps it (`_answers_file`)."""
    usual = project / ".copier-answers.yml"
    if usual.is_file() and b"_src_path:" in usual.read_bytes():
        return usual
    others = (path for path in sorted(project.rglob("*.y*ml")) if path.is_file())
    return next((path for path in others if root in path.read_bytes()), None)
