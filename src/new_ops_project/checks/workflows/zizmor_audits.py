"""What zizmor finds, in words for people who have not read its pages."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from new_ops_project.base.finding import Severity
from new_ops_project.base.text import capitalize
from new_ops_project.checks.linters.zizmor import Audit
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Fix

Words = Mapping[str, str]
"""A sentence for each pattern of zizmor's notes: \\1 is the pattern's group, {} the text at the place."""

_GRAVITY = list(Severity)
_IN_QUOTES = re.compile(r"""(["'])[^"']*\1""")
_COMMIT = re.compile(r"@[0-9a-f]{40}\b")
_LONG = 80  # characters of a text that is quoted
MakeFix = Callable[[Repo, Audit], Fix]
Judge = Callable[[Repo, Audit], bool]


@dataclass(frozen=True)
class Passed:
    """How findings of the audit `ident` are passed on: in which words, how grave at worst, with which fix.

    `worst` has a severity for each pattern of the text at the place; the first that fits counts. A finding that
    `is_mild` is a note. `in_hooks` is the remedy in the settings of pre-commit, if that of the rule does not fit.
    `in_jobs` is the sentence for what is in no step, if another one is true there.
    """

    ident: str
    worst: Mapping[str, Severity]
    words: Words
    fix: MakeFix | None = None
    is_mild: Judge | None = None
    in_hooks: str = ""
    in_jobs: str = ""

    def __call__(self, repo: Repo, audits: Iterable[Audit]) -> Iterator[Breach]:
        """Each finding of the audit."""
        for audit in (audit for audit in audits if audit.ident == self.ident):
            where = (audit.path, audit.line, audit.column)
            fix = self.fix(repo, audit) if self.fix else ()
            is_mild = self.is_mild is not None and self.is_mild(repo, audit)
            severity = Severity.INFO if is_mild else self._severity(audit)
            remedy = self.in_hooks if audit.path.startswith(".pre-commit-") else ""
            words = {"": self.in_jobs} if self.in_jobs and audit.step is None else self.words
            yield Breach(_sentence(words, audit), *where, fix, remedy, severity)

    def _severity(self, audit: Audit) -> Severity:
        worst = next(severity for pattern, severity in self.worst.items() if re.search(pattern, audit.text))
        return max(audit.severity, worst, key=_GRAVITY.index)


def _sentence(words: Words, audit: Audit) -> str:
    """The sentence for zizmor's note; zizmor's own words where there is none."""
    for pattern, sentence in words.items():
        if match := re.search(pattern, audit.note):
            return capitalize(match.expand(sentence).replace("{}", _quoted(audit.text)))
    return _plain(audit)


def _quoted(text: str) -> str:
    """The text without its own quotes, and without commit ids; `this` for one that is too long or empty."""
    bare = _COMMIT.sub("", text[1:-1] if _IN_QUOTES.fullmatch(text) else text)
    return f"`{bare}`" if bare and "\n" not in bare and len(bare) <= _LONG else "this"


def _plain(audit: Audit) -> str:
    return capitalize(f"{audit.desc}: {audit.note}.")


def others(known: Collection[str], audits: Iterable[Audit]) -> Iterator[Breach]:
    """Each finding of an audit that no rule of ours names, which a newer zizmor may have."""
    for audit in audits:
        if audit.ident not in known:
            remedy = f"See {audit.url}."
            message = f"{_plain(audit).removesuffix('.')} ({audit.ident})."
            yield Breach(message, audit.path, audit.line, audit.column, remedy=remedy, severity=audit.severity)
