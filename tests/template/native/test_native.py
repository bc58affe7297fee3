"""The native renderer gives exactly what copier gives, or leaves a template to copier."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.foreign_templates import ALL, Foreign
from support.native_cases import LATE, OTHER, SAME
from support.parity import Files, checkout_of, natively, require_no_other, require_same
from support.small_template import TINY, VERSIONS, SampleFile, read, template

from new_ops_project.template import native, releases, sources

# What copier leaves open when it stops half-way.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

# So many sets of answers; with a number in this variable, so many others.
PARITY = int(os.environ.get("PARITY", "0"))
EXAMPLES = settings(
    max_examples=PARITY or 100,
    deadline=None,
    derandomize=not PARITY,
    database=None,
    suppress_health_check=list(HealthCheck),
)

# What YAML, Jinja, TOML, Markdown, shells and file systems take for something else than text.
TOKENS = st.sampled_from(
    [
        "yes",
        "null",
        "~",
        "1e3",
        "0o7",
        "2024-01-01",
        "{{ tier }}",
        "{% raw %}",
        "{#",
        "#}",
        "${{ github.token }}",
        '"""',
        "'",
        '"',
        "\\",
        "\n",
        "\n\n",
        "\t",
        " ",
        "  ",
        ": ",
        " #",
        "- ",
        "&a",
        "*a",
        "!x",
        "|",
        ">",
        "%",
        "@",
        "`",
        "]]>",
        "é",
        "ß",
        "日本",
        "🔑",
        "\u2028",
        "\ufeff",
        "\x85",
        "\x00",
        "\x1b",
        "Ada",
        "ops",
        "x" * 90,
        "/",
        "..",
        ".",
        "-",
    ]
)
TEXT = st.lists(TOKENS | st.text(max_size=4), max_size=8).map("".join)
WORD = st.from_regex(r"[A-Za-z][A-Za-z0-9 _.-]{0,20}", fullmatch=True)
NAME = WORD | st.text("abcÄéß 日-_.09", min_size=1, max_size=12) | TEXT
PACKAGES = ["boto3", "click", "httpx", "jinja2", "kubernetes", "pyyaml", "requests", "rich", "structlog", "tenacity"]
PATHS = st.sampled_from(
    ["README.md", "/LICENSE", "tests", "*.md", "!README.md", "src/**/logs.py", "a b", "#x", ".github/"]
)

CHOSEN: Mapping[str, st.SearchStrategy[Any]] = {
    "python_version": st.sampled_from(["3.11", "3.12", "3.13", "3.14", "3.15"]),
    "tier": st.sampled_from(["script", "library", "cli"]),
    "license": st.sampled_from(["MIT", "Apache-2.0", "Proprietary"]),
    "runner": st.sampled_from(["ubuntu-24.04", "ubuntu-26.04"]),
    "code": st.sampled_from(["example", "own"]),
    "cloud": st.sampled_from(["none", "aws-oidc", "aws-keys", "gcp-oidc", "azure-oidc"]),
    "container": st.booleans(),
    "updates": st.sampled_from(["dependabot", "renovate", "none"]),
    "dry_run": st.booleans(),
    "schedule": st.sampled_from(["", "17 5 * * *", "*/5 0-6 * JAN MON"]),
    "dependencies": st.lists(st.sampled_from(PACKAGES), max_size=4),
}
FREE: Mapping[str, st.SearchStrategy[Any]] = {
    "description": TEXT,
    "author_name": TEXT | WORD,
    "author_email": st.sampled_from(["", "ada@example.org", "a+b@x-y.example"]),
    "command": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True),
    "package": st.sampled_from(["", "rotate", "_x1"]),
    "workflow_prefix": st.sampled_from(["", "ops-", "1"]),
    "keep": st.lists(PATHS | TEXT, max_size=3),
}
GOOD = st.fixed_dictionaries({"project_name": NAME}, optional={**CHOSEN, **FREE})
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.lists(TEXT, max_size=2)
ODD = st.fixed_dictionaries({"project_name": NAME}, optional=dict.fromkeys([*CHOSEN, *FREE, "other"], ANYTHING))


# ---- our template -------------------------------------------------------------------------------------------


def test_our_template_is_pure() -> None:
    """The embedded template needs no copier."""
    assert native.unsupported_reason(releases.checkout(sources.find())) == ""


@EXAMPLES
@given(answers=GOOD)
def test_our_template_is_the_same(answers: dict[str, Any]) -> None:
    """For any answers, both renderers give the same names, modes and bytes, or both refuse."""
    require_same(releases.checkout(sources.find()), answers)


@settings(EXAMPLES, max_examples=PARITY // 4 or 25)
@given(answers=ODD, file=st.sampled_from([".copier-answers.yml", ".answers.ops.yaml", "answers.txt"]))
def test_odd_answers_are_the_same(answers: dict[str, Any], file: str) -> None:
    """Answers of any type, unknown ones, and another answers file make no difference either."""
    require_same(releases.checkout(sources.find()), answers, file)


@pytest.mark.parametrize("tier", ["script", "library", "cli"])
@pytest.mark.parametrize("cloud", ["none", "aws-oidc", "aws-keys", "gcp-oidc", "azure-oidc"])
def test_each_tier_and_cloud(tier: str, cloud: str) -> None:
    """Both renderers give the same for every tier with every cloud."""
    require_same(releases.checkout(sources.find()), {"project_name": "audit", "tier": tier, "cloud": cloud})


# ---- other templates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("versions", [VERSIONS, TINY], ids=["small", "tiny"])
def test_small_templates(versions: dict[str, dict[str, SampleFile | None]], tmp_path: Path) -> None:
    """Every version of the templates of the tests of `update`: links, modes, binary files, line ends."""
    all_releases = releases.read_releases(sources.find(str(template(tmp_path / "template", versions))))
    for tag in versions:
        assert native.unsupported_reason(all_releases.checkout(tag)) == ""
        require_same(all_releases.checkout(tag), {"name": "null: 'é'"})
        require_same(all_releases.checkout(tag), {"colour": "red"})


FOREIGN = [pytest.param(foreign, tag, id=f"{key}-{tag}") for key, foreign in ALL.items() for tag in foreign.tags]


@pytest.mark.parametrize(("foreign", "tag"), FOREIGN)
def test_foreign_templates(foreign: Foreign, tag: str, templates: Path, tmp_path: Path) -> None:
    """Every version of other people's templates too, without their secret questions, which need copier."""
    checkout = releases.read_releases(sources.find(str(templates / foreign.name))).checkout(tag)
    assert "secret" in native.unsupported_reason(checkout)
    open_hearted = checkout_of(tmp_path, _without_secrets(checkout.root))
    assert ("yield" in native.unsupported_reason(open_hearted)) == (foreign.name == "ansible-role")
    require_no_other(open_hearted, {})
    if native.unsupported_reason(open_hearted):
        return
    require_same(open_hearted, {**foreign.answers, **foreign.later}, foreign.file)


def _without_secrets(root: Path) -> Files:
    files: dict[str, SampleFile] = dict(read(root))
    for path in [path for path in files if path.endswith((".yml", ".yaml")) and b"secret" in files[path].content]:
        text = files[path].content.decode()
        text = re.sub(r"^_secret_questions:.*\n(?:[ \t-].*\n)*|^ +secret:.*\n", "", text, flags=re.MULTILINE)
        files[path] = SampleFile(files[path].mode, text.encode())
    return files


# ---- what a template may do ---------------------------------------------------------------------------------


@pytest.mark.parametrize("files", SAME.values(), ids=SAME.keys())
def test_same(files: Files, tmp_path: Path) -> None:
    """These templates are rendered natively, exactly as by copier, without answers and with some."""
    checkout = checkout_of(tmp_path, files)
    assert native.unsupported_reason(checkout) == ""
    assert not isinstance(natively(checkout, {}), str)
    shared = [1, "x"]
    for answers in (
        {},
        {"name": "b", "a": 1},
        {"name": "é: '", "unknown": [1]},
        {"name": "yes\n"},
        {"name": "a\x85b"},
        {"a": shared, "b": shared},
    ):
        require_same(checkout, answers)


@pytest.mark.parametrize(("why", "files"), OTHER.values(), ids=OTHER.keys())
def test_left_to_copier(why: str, files: Files, tmp_path: Path) -> None:
    """A template is left to copier if only copier can render it, or if the results might differ."""
    checkout = checkout_of(tmp_path, files)
    assert why in native.unsupported_reason(checkout)
    assert why in str(natively(checkout, {}))


@pytest.mark.parametrize(("why", "files"), LATE.values(), ids=LATE.keys())
def test_left_to_copier_while_rendering(why: str, files: Files, tmp_path: Path) -> None:
    """An error while rendering is left to copier, which reports it."""
    checkout = checkout_of(tmp_path, files)
    assert why in str(natively(checkout, {}))
