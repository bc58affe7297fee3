"""New projects of templates of another kind."""

from pathlib import Path

import pytest
from support.command import Run, tree
from support.foreign_templates import ANSWERS_FILE, written
from support.small import release


def make_template(folder: Path, config: str) -> Path:
    """A template with one file, an answers file and `config` as copier.yml; '' for none."""
    files = {"copier.yml": config} if config else {}
    return written(folder, {"v1.0.0": {**ANSWERS_FILE, "hello.txt": "hello\n", **files}})


def test_template_without_copier_yml(run: Run, work: Path, tmp_path: Path) -> None:
    """A repository without copier.yml is a template without questions, and projects of it are updated."""
    template = make_template(tmp_path / "t", "")
    run("new", "audit", "--defaults", "--template", str(template))
    assert tree(work / "audit").keys() == {".copier-answers.yml", "hello.txt"}
    release(template, "v1.1.0", {"hello.txt": "hello again\n"})
    run("update", "audit")
    assert (work / "audit" / "hello.txt").read_text() == "hello again\n"


@pytest.mark.parametrize(
    ("author_name", "recorded"),
    [("{type: str, default: The team}", "The team"), ("{type: str, default: ''}", "''"), ("{type: str}", "Ada Ops")],
)
def test_a_default_of_another_template(run: Run, work: Path, tmp_path: Path, author_name: str, recorded: str) -> None:
    """Git's author answers a question of another template only where that has no default of its own."""
    template = make_template(tmp_path / "t", f"author_name: {author_name}\n")
    run("new", "audit", "--defaults", "--template", str(template))
    assert f"author_name: {recorded}\n" in (work / "audit" / ".copier-answers.yml").read_text()


def test_the_message_of_a_template(run: Run, work: Path, tmp_path: Path) -> None:
    """What a template says after a copy is shown with the answers and the real folder, or is in the JSON."""
    says = "_message_after_copy: 'cd {{ _copier_conf.dst_path }} && paint {{ colour }} in {{ _folder_name }}'\n"
    template = make_template(tmp_path / "t", f"{says}colour: {{type: str, default: blue}}\n")
    words = f"cd {work / 'audit'} && paint blue in audit"
    assert f"  | {words}\n" in run("new", "audit", "--defaults", "--template", str(template)).out
    report = run("new", "b", "--defaults", "--template", str(template), "--set", "colour=red", "--json").json
    assert report["message"] == f"cd {work / 'b'} && paint red in b"
    assert "paint" not in run("new", "c", "--defaults", "--template", str(template), "--preview").out


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"a.txt.jinja": "one\n{% if %}\n"}, "(a.txt.jinja, line 2)"),
        ({"copier.yml": "_subdirectory: absent\n"}, "absent: No such file or directory."),
        (
            {"copier.yml": "_external_data: {a: /etc/hostname}\nb: {type: str, default: '{{ _external_data.a }}'}\n"},
            '"/etc/hostname" is forbidden.',
        ),
    ],
)
def test_a_template_that_is_wrong(files: dict[str, str], why: str, run: Run, tmp_path: Path) -> None:
    """A mistake of a template is a sentence with its place and a next step, without Python's warnings."""
    template = written(
        tmp_path / "t", {"v1.0.0": {**ANSWERS_FILE, "copier.yml": "a: {type: str, default: x}\n", **files}}
    )
    error = run("new", "audit", "--defaults", "--template", str(template), code=2).err
    assert why in error
    assert len(error.splitlines()) == 2
    assert "Warning" not in error


def test_the_message_before_a_copy(run: Run, tmp_path: Path) -> None:
    """What a template says before a copy is shown, also where nobody is asked."""
    template = make_template(tmp_path / "t", "_message_before_copy: Have your token ready.\n")
    assert "  | Have your token ready.\n" in run("new", "audit", "--defaults", "--template", str(template)).out
