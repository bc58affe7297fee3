"""The rule about packages that workflows install without a version."""

import re
from collections.abc import Iterator, Sequence

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats import shell
from new_ops_project.formats.github.automation import Step
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.shell import Word

_PIP = re.compile(r"pip[\d.]*")
_PYTHON = re.compile(r"(?:python[\d.]*w?|py|pypy[\d.]*)")
_MODULE = re.compile(r"-[A-Za-z]*m")
# With one of these, a file gives the versions, or the packages are already here.
_GIVEN = {"--require-hashes", "--no-index", "-c", "--constraint", "--constraints"}
# Long options without a value, besides `--no-...`; of any other, the next word may be the value.
_FLAGS = {
    "--all-extras",
    "--break-system-packages",
    "--compile",
    "--compile-bytecode",
    "--disable-pip-version-check",
    "--dry-run",
    "--exact",
    "--force",
    "--force-reinstall",
    "--ignore-installed",
    "--ignore-requires-python",
    "--include-deps",
    "--isolated",
    "--managed-python",
    "--native-tls",
    "--offline",
    "--pre",
    "--prefer-binary",
    "--quiet",
    "--refresh",
    "--reinstall",
    "--require-hashes",
    "--strict",
    "--system",
    "--system-site-packages",
    "--upgrade",
    "--use-pep517",
    "--user",
    "--verbose",
    "--verify-hashes",
}
_VALUED = "CPbcdefiprtw"  # letters of options with a value
_PACKAGES = {"", "-e", "--editable", "--with"}  # options whose value is a package; '' for a word without one
_SPEC = ("--from", "--spec")
_LOCAL = re.compile(r"\.|.*[/\\].*|.*\.(?:whl|zip|tar\.gz)(?:\[[^\]]*\])?$")
_PINNED = re.compile(r"[\w.-]+(?:\[[^\]]*\])?\s*(?:===?\s*|@(?!latest))[\w.!+-]+")
_COMMIT = re.compile(r"@[0-9a-f]{40}(?:[#&].*)?$")
_OTHER_SHELLS = ("python", "perl", "node", "ruby")


def unpinned(repo: Repo) -> Iterator[Breach]:
    """Each command that installs the newest version of a package, at the first such package.

    The project's own package is what was just published, or is to be tried.
    """
    own = {canonical_name(name) for name in _own_names(repo) if name}
    for step in repo.automation.steps:
        if step.node.get("shell").scalar.startswith(_OTHER_SHELLS) or _has_constraints(step):
            continue
        for words in shell.commands(step.script.text):
            command, requested = _requested(words)
            unfixed = [word for word in requested if not _is_reproducible(word) and _name(word) not in own]
            if unfixed:
                names = ", ".join(word.text for word in unfixed)
                yield Breach(
                    f"`{command}` installs whatever is newest that day: {names}.",
                    *step.script.place_at(unfixed[0].offset),
                )


def _own_names(repo: Repo) -> tuple[str, ...]:
    in_pyproject = (repo.pyproject.string(*keys, "name") for keys in (("project",), ("tool", "poetry")))
    return (*in_pyproject, repo.setup.string("name"))


def _name(word: Word) -> str:
    return canonical_name(re.split(r"[^\w.-]", word.text, maxsplit=1)[0])


def _has_constraints(step: Step) -> bool:
    """Whether an environment variable gives pip or uv the versions."""
    places = [step.node, *([step.job.node, step.job.workflow.root] if step.job else [])]
    names = ("PIP_CONSTRAINT", "UV_CONSTRAINT", "PIP_REQUIRE_HASHES", "PIP_NO_INDEX")
    return any(place.get("env", name) for place in places for name in names)


def _requested(words: Sequence[Word]) -> tuple[str, list[Word]]:
    """The command in short with the packages that it names; ('', []) for any other command."""
    texts = [words[0].program, *(word.text for word in words[1:])]
    if _PYTHON.fullmatch(texts[0]) or "$" in texts[0]:
        index = next((i for i, text in enumerate(texts[:6]) if _MODULE.fullmatch(text)), len(texts))
        texts, words = texts[index + 1 :], words[index + 1 :]
    if not texts:
        return "", []
    if _PIP.fullmatch(texts[0]):
        index = next((i for i, text in enumerate(texts) if i and not text.startswith("-")), 0)
        return ("pip install", _packages(words[index + 1 :])) if texts[index] == "install" else ("", [])
    if texts[0] == "uv" and texts[1:3] in (["pip", "install"], ["tool", "install"], ["tool", "run"]):
        is_run = texts[2] == "run"
        return f"uv {texts[1]} {texts[2]}", _first(words[3:]) if is_run else _packages(words[3:])
    if texts[0] == "pipx" and texts[1:2] in (["install"], ["run"]):
        return f"pipx {texts[1]}", _first(words[2:]) if texts[1] == "run" else _packages(words[2:])
    return (texts[0], _first(words[1:])) if texts[0] == "uvx" else ("", [])


def _packages(words: Sequence[Word]) -> list[Word]:
    """The words that are neither options nor their values; [] where a file or an option gives the versions."""
    given = [*_options(words)]
    is_fixed = any(option in _GIVEN for option, _ in given)
    return [word for option, word in given if option in _PACKAGES and not is_fixed]


def _first(words: Sequence[Word]) -> list[Word]:
    """The package whose command is run, unless --from or --spec names another, with those that --with adds."""
    packages, is_named = list[Word](), False
    for option, word in _options(words):
        if not option:
            return packages if is_named else [word, *packages]
        packages += [word] if option in {*_SPEC, "--with"} else []
        is_named |= option in _SPEC
    return packages


def _options(words: Sequence[Word]) -> Iterator[tuple[str, Word]]:
    """Each option with its value, or itself if it has none; '' with each word that is not part of an option."""
    waiting = iter(words)
    for word in waiting:
        name, is_assigned, _ = word.text.partition("=")
        option, has_value = _option(name) if name.startswith("-") else ("", False)
        yield option, next(waiting, word) if has_value and not is_assigned else word


def _option(name: str) -> tuple[str, bool]:
    """The option in `--name`, `-n` or `-qn`, and whether the next word is its value."""
    if name.startswith("--"):
        is_flag = name in _FLAGS or (name.startswith("--no-") and not name.endswith(("-binary", "-package")))
        return name, not is_flag
    index = next((index for index, letter in enumerate(name) if letter in _VALUED), 0)
    return (f"-{name[index]}", index == len(name) - 1) if index else (name, False)


def _is_reproducible(word: Word) -> bool:
    """Whether it always installs the same thing, is in the repository, or cannot be determined."""
    text = word.text.partition(";")[0].strip()
    if re.search(r"[$`]", word.text) or not text or "*" in text.partition("==")[0]:
        return True
    if "git+" in text:
        return bool(_COMMIT.search(text))
    return bool(_LOCAL.match(text) or _PINNED.fullmatch(text)) and not text.endswith(".*")
