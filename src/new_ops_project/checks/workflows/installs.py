"""The rule about packages that workflows install without a version."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats import shell
from new_ops_project.formats.github.automation import Step
from new_ops_project.formats.shell import Word

_PIP = re.compile(r"pip[\d.]*")
_PYTHON = re.compile(r"(?:python[\d.]*w?|py|pypy[\d.]*)")
_MODULE = re.compile(r"-[A-Za-z]*m")
# With one of these, a file gives the versions, or the packages are already here.
_GIVEN = ("--require-hashes", "--no-index", "-c", "--constraint", "--constraints")
# Options whose value is the next word. Not `-e`: what it installs is checked like any other package.
_VALUED = {
    "-r",
    "--requirement",
    "--requirements",
    "-i",
    "--index-url",
    "--index",
    "--default-index",
    "--extra-index-url",
    "-f",
    "--find-links",
    "-t",
    "--target",
    "--platform",
    "--python-version",
    "--python-platform",
    "--implementation",
    "--abi",
    "--root",
    "--prefix",
    "--src",
    "--upgrade-strategy",
    "--no-binary",
    "--only-binary",
    "--no-build-package",
    "--progress-bar",
    "-C",
    "--config-settings",
    "--config-setting",
    "--global-option",
    "--report",
    "--group",
    "--cache-dir",
    "--timeout",
    "--retries",
    "--proxy",
    "--cert",
    "--client-cert",
    "--trusted-host",
    "--log",
    "--exists-action",
    "-p",
    "--python",
    "--suffix",
    "--index-strategy",
    "--keyring-provider",
    "--extra",
    "--exclude-newer",
    "--resolution",
    "--prerelease",
    "--link-mode",
    "--pip-args",
    "--upgrade-package",
    "-P",
    "--reinstall-package",
    "--refresh-package",
    "--override",
    "--overrides",
    "-b",
    "--build-constraint",
}
_SPEC = ("--from", "--spec")
_LOCAL = re.compile(r"\.|.*[/\\].*|.*\.(?:whl|zip|tar\.gz)(?:\[[^\]]*\])?$")
_PINNED = re.compile(r"[\w.-]+(?:\[[^\]]*\])?\s*(?:===?\s*|@(?!latest))[\w.!+-]+")
_COMMIT = re.compile(r"@[0-9a-f]{40}(?:[#&].*)?$")
_OTHER_SHELLS = ("python", "perl", "node", "ruby")


def unpinned(repo: Repo) -> Iterator[Breach]:
    """Each command that installs the newest version of a package, at the first such package."""
    for step in repo.automation.steps:
        if step.node.get("shell").scalar.startswith(_OTHER_SHELLS) or _has_constraints(step):
            continue
        for words in shell.commands(step.script.text):
            command, requested = _requested(words)
            unfixed = [word for word in requested if not _is_reproducible(word)]
            if unfixed:
                names = ", ".join(word.text for word in unfixed)
                yield Breach(
                    f"`{command}` installs whatever is newest that day: {names}.",
                    *step.script.place_at(unfixed[0].offset),
                )


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
    if any(word.text.partition("=")[0] in _GIVEN for word in words):
        return []
    packages, is_value = list[Word](), False
    for word in words:
        if not is_value and not word.text.startswith("-"):
            packages.append(word)
        is_value = not is_value and word.text in _VALUED
    return packages


def _first(words: Sequence[Word]) -> list[Word]:
    """The package whose command is run: the one that --from or --spec names, else the first."""
    for word, after in pairwise(words):
        if word.text in _SPEC:
            return [after]
        if not word.text.startswith("-"):
            break
    return _packages(words)[:1]


def _is_reproducible(word: Word) -> bool:
    """Whether it always installs the same thing, is in the repository, or cannot be determined."""
    text = word.text.partition(";")[0].strip()
    if re.search(r"[$`]", word.text) or not text or "*" in text.partition("==")[0]:
        return True
    if "git+" in text:
        return bool(_COMMIT.search(text))
    return bool(_LOCAL.match(text) or _PINNED.fullmatch(text)) and not text.endswith(".*")
