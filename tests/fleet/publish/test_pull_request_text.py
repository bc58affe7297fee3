"""The text of a pull request, in which hostile names, changelogs or notes have no effect."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from new_ops_project.fleet.model import PathNote, Result, ResultState
from new_ops_project.fleet.publish import pull_request_text

PLAIN = Result(
    "acme/one",
    ResultState.UPDATED,
    "plan-1",
    before="1.1.0",
    version="1.2.0",
    template="https://x.test/t.git",
    target="template/1.2.0",
)
EVIL = [
    "@everyone",
    "a#1",
    "acme/one#2",
    "!3",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:b)",
    "https://evil.test",
    "`@me`",
    "``` @me",
    "a\n/close",
    "a\r\n# b",
    "| x |",
    "\u202egnp.exe",
    "\x1b[2J",
    "&lt;b&gt;",
    "~~~\n@me",
    "*b*",
    "GH-1",
    "0123456789abcdef0123456789abcdef01234567",
    "\udcff",
    "$(x)",
    "-",
    "",
    "\\`@me",
    "$`@me`$",
    "`",
    " ",
    "``",
]
names = st.one_of(st.sampled_from(EVIL), st.text(max_size=60))


def outside(text: str) -> str:
    """What Markdown (https://spec.commonmark.org/0.31.2) reads as text: neither quotations nor code."""
    kept = [line for line in text.split("\n") if not line.startswith(("> ", ">", "    "))]
    return "\n".join(re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "CODE", line) for line in kept)


@given(st.lists(names, max_size=4), st.lists(names, max_size=4), names, names)
def test_nothing_is_injected(paths: list[str], more: list[str], news: str, version: str) -> None:
    """Whatever files, notes, versions and the changelog contain, the text outside code is ours alone."""
    usual = set(re.findall(r"[^\n]+", outside(pull_request_text.body(full(["a"], ["b"], "c", "1.0")))))
    text = outside(pull_request_text.body(full(paths, more, news, version), kept_branches=paths))
    for line in re.findall(r"[^\n]+", text):
        known = re.sub(r"\(\d+\)", "(1)", line)
        assert known in usual or known.startswith(("### Older branches", "These contain somebody's commits")), line


def full(paths: list[str], more: list[str], news: str, version: str) -> Result:
    """A result with everything in it."""
    files = (*(PathNote(path, "changed") for path in paths), PathNote("z", "added"))
    return replace(
        PLAIN,
        files=files,
        conflicts=tuple(PathNote(path, why) for path in paths for why in more),
        kept=tuple(paths),
        notes=tuple(more),
        news=news,
        version=version,
        template=version,
        plan=version,
        drift=tuple(map(PathNote, paths, paths)),
    )


@given(names, names, names)
def test_titles_refer_to_nothing(folder: str, before: str, version: str) -> None:
    """A title, which becomes the message of a squashed merge, mentions nobody and closes nothing."""
    title = pull_request_text.title(replace(PLAIN, name=f"acme/one//{folder}", before=before, version=version))
    assert re.fullmatch(r"[A-Za-z0-9._+/ -]+", title)


@given(st.lists(st.sampled_from(["```", "`````", "@me", "~~~", "> ```", " ```", "x"]), min_size=1, max_size=8))
def test_a_changelog_cannot_end_its_quotation(lines: list[str]) -> None:
    """Nothing in it is as long as the fence around it, and each of its lines is quoted."""
    body = pull_request_text.body(replace(PLAIN, news="\n".join(lines)))
    quoted = [line.removeprefix("> ") for line in body.split("\n") if line.startswith(">")]
    fence = quoted[0].removesuffix("markdown")
    assert (quoted[1:-1], quoted[-1]) == (lines, fence)
    assert all(fence not in line for line in lines)


@pytest.mark.parametrize("line", ["/close", "/assign @me", "  /merge", "\t/label ~x"])
def test_a_changelog_is_no_command(line: str) -> None:
    """GitLab acts on lines that begin with a slash: no line of ours does."""
    body = pull_request_text.body(replace(PLAIN, news=f"## 1.2.0\n{line}\n```\n{line}\n", notes=(line,), kept=(line,)))
    assert not [row for row in body.split("\n") if row.strip().startswith("/")]


def test_is_never_too_long() -> None:
    """It has at most 60,000 characters, and says how much it leaves out."""
    many = [f"{'x' * 300}{number}\x1b" for number in range(500)]
    body = pull_request_text.body(full(many, ["y" * 300], "news\n" * 50_000, "1.2.0"), kept_branches=many)
    assert len(body) <= 60_000
    assert "- and 460 more" in body


def test_news_is_cut_with_a_mark() -> None:
    """A changelog of any length leaves room for the rest."""
    body = pull_request_text.body(replace(PLAIN, news="- a change\n" * 10_000))
    assert "> ..." in body
    assert "If you do not want it" in body


def test_says_what_a_person_needs() -> None:
    """Versions, files by kind, conflicts with their reason and how to resolve them, edits kept, notes, the plan."""
    body = pull_request_text.body(
        replace(
            PLAIN,
            files=(PathNote("a.py", "changed"), PathNote("b.py", "added")),
            kept=("old.py",),
            conflicts=(PathNote("c.py", "both changed it"),),
            notes=("Run uv lock.",),
            news="## 1.2.0\n\n- Faster",
        )
    )
    for part in (
        "from `1.1.0` to `1.2.0`",
        "> - Faster",
        "### Changed (1)\n\n- `a.py`",
        "### Added (1)\n\n- `b.py`",
        "- `c.py`: `both changed it`",
        "    git switch template/1.2.0",
        "- `old.py`",
        "- `Run uv lock.`",
        "plan `plan-1`",
    ):
        assert part in body


def test_the_title_counts_conflicts() -> None:
    """One glance at a list of pull requests tells which need work."""
    result = replace(PLAIN, conflicts=(PathNote("a", ""), PathNote("b", "")), name="acme/one//tools")
    assert pull_request_text.title(result) == "Update the template of tools from 1.1.0 to 1.2.0 (2 files in conflict)"


def test_credentials_in_a_template_address_are_left_out() -> None:
    """What a project recorded as its template's address may hold a token."""
    assert "s3cret" not in pull_request_text.body(replace(PLAIN, template="https://ada:s3cret@x.test/t.git"))


def test_commands_are_quoted_for_the_shell() -> None:
    """The name of a branch is one word, whatever is in it."""
    assert "git switch 'template/1$(x)'" in pull_request_text.body(
        replace(PLAIN, target="template/1$(x)", conflicts=(PathNote("a", "b"),))
    )
