"""A template that would make a parser fail, or read without end, is refused in a sentence that names file and place."""

from pathlib import Path

import pytest
from support.command import Run
from support.small import make_template

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12)
)
LONG = "x" * 1_000
# Files of a template, what the message has. Each is one of a class that ended with 70, or never.
CASES: dict[str, tuple[dict[str, str], str]] = {
    "an alias in itself": (
        {"copier.yml": "a: 1\nb: &x [*x]\n"},
        "copier.yml of the template is not YAML: an alias is inside",
    ),
    "an alias in a mapping": ({"copier.yml": "b: &x {default: *x}\n"}, "line 1, column 17"),
    "a merge of itself": ({"copier.yml": "b: &x\n  <<: *x\n"}, "line 2, column 7"),
    "a bomb of aliases": ({"copier.yml": BOMB}, "100,000 values"),
    "a bomb of merges": ({"copier.yml": BOMB.replace("[x, x, x, x, x, x, x, x, x, x]", "{b: 1, c: 2}")}, "100,000"),
    "a bomb of long texts": ({"copier.yml": f"a: &a {LONG * 100}\nb: [{'*a, ' * 5000}]\n"}, "100,000 values"),
    "deep lists": ({"copier.yml": f"a: {'[' * 3000}{']' * 3000}\n"}, "more than 200 levels, at line 1, column 203"),
    "deep blocks": ({"copier.yml": f"a:\n{'- ' * 3000}x\n"}, "more than 200 levels"),
    "a number of many digits": ({"copier.yml": f"a: {'1' * 5000}\n"}, "no int, at line 1, column 4"),
    "a date that is none": ({"copier.yml": "a: 2020-13-45\n"}, "no timestamp, at line 1"),
    "a tag that does not fit": ({"copier.yml": "a: !!float x\n"}, "no float, at line 1"),
    "a key that is a list": ({"copier.yml": "? [a]\n: b\n"}, "line 1"),
    "an include of itself": ({"copier.yml": "--- !include copier.yml\n"}, "copier.yml of the template includes itself"),
    "an include of all": ({"copier.yml": "--- !include '*.yml'\n"}, "includes itself: '*.yml'"),
    "includes in a circle": (
        {"copier.yml": "--- !include b.yml\n", "b.yml": "--- !include c.yml\n", "c.yml": "--- !include b.yml\n"},
        "c.yml of the template includes itself: 'b.yml'",
    ),
    "includes that multiply": (
        {f"{name}.yml": f"--- !include {to}.yml\n" * 9 for name, to in zip(("copier", *"bcdef"), "bcdefg", strict=True)}
        | {"g.yml": "a: 1\n"},
        "includes more than 200 files",
    ),
    "an include that is no pattern": ({"copier.yml": "--- !include ''\n"}, "which is no pattern"),
    "an include of a list": ({"copier.yml": "--- !include [a]\n"}, "copier.yml of the template is not YAML"),
    "_exclude": (
        {"copier.yml": "a: 1\n_exclude: 5\n"},
        "copier.yml of the template has _exclude: 5, which is not a list",
    ),
    "_exclude of numbers": ({"copier.yml": "a: 1\n_exclude: [5]\n"}, "which is not a list of texts"),
    "_secret_questions": (
        {"copier.yml": "_secret_questions: [[a]]\n"},
        "_secret_questions: [['a']], which is not a list",
    ),
    "_envops": ({"copier.yml": "_envops: [a]\n"}, "_envops: ['a'], which is not a mapping"),
    "_tasks": ({"copier.yml": "_tasks: 5\n"}, "_tasks: 5, which is not a list"),
    "_subdirectory": ({"copier.yml": "_subdirectory: {a: b}\n"}, "which is not a text"),
    "equal delimiters": (
        {"copier.yml": "_envops: {block_start_string: '{{'}\na: '{{ 1 }}'\n"},
        "_envops in copier.yml of the template cannot be used",
    ),
    "a delimiter that is a list": (
        {"copier.yml": "_envops: {line_comment_prefix: [a]}\na: '{{ 1 }}'\n"},
        "_envops in copier.yml of the template cannot be used",
    ),
    "nested blocks": (
        {"copier.yml": "a: 1\n", "t.txt.jinja": f"{'{% if a %}' * 400}x{'{% endif %}' * 400}"},
        "cannot be rendered",
    ),
    "parentheses": (
        {"copier.yml": "a: 1\n", "t.txt.jinja": f"{{{{ {'(' * 3000}1{')' * 3000} }}}}"},
        "cannot be rendered",
    ),
    "parentheses in a default": ({"copier.yml": f"a: '{{{{ {'(' * 3000}1{')' * 3000} }}}}'\n"}, "cannot be"),
    "nested blocks in a default": (
        {"copier.yml": f"a: '{'{% if true %}' * 400}x{'{% endif %}' * 400}'\n"},
        "cannot be",
    ),
    "a number of many digits in Jinja": ({"copier.yml": f"a: '{{{{ {'1' * 5000} }}}}'\n"}, "cannot be"),
}


@pytest.mark.filterwarnings("ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning")  # copier's own
@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_a_template_that_no_parser_can_read(
    run: Run, work: Path, tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    """It ends with 2, a sentence with the file and the place, and nothing is left."""
    template = make_template(tmp_path / "t", {"v1.0.0": {"hello.txt": "hello\n", **files}})
    ran = run("new", "audit", "--defaults", "--template", str(template), code=2)
    assert expected in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert len(ran.err) < 2_000
    assert not list(work.iterdir())


def test_envops_load_no_code(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Jinja extension in `_envops` is not imported, since nobody was asked to trust it."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "hostile_extension.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    text = "_envops: {extensions: [hostile_extension.Any]}\na: '{{ 1 }}'\n"
    template = make_template(tmp_path / "t", {"v1.0.0": {"copier.yml": text}})
    run("new", "audit", "--defaults", "--template", str(template), code=2)
    assert not (tmp_path / "ran").exists()
