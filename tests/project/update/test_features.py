"""Features of copier that public templates use, such as other answers files."""

import os
import shutil
from pathlib import Path

import copier
import pytest
from plumbum import local
from support.command import Run, git
from support.foreign_templates import (
    ANSWERS_FILE,
    NAME,
    Foreign,
    Versions,
    committed,
    fresh,
    plain,
    snapshot,
    state,
    written,
)

EVERY_TYPE = """
ratio: {type: float, choices: [1.5, 2.0], default: 1.5}
level: {type: int, choices: {Low: 1, High: 2}, default: 2}
nothing: {type: yaml, default: null}
empty: ""
flag: {type: bool, default: "{{ level == 2 }}"}
open: {type: str, default: x, when: "{{ flag }}"}
shut: {type: str, when: "{{ not flag }}"}
ports: {type: int, multiselect: true, choices: [80, 443, 8080], default: [80, 8080]}
folder: {type: path, default: "{{ pathjoin('a', 'b') }}"}
names: [a, b]
date: "2024-01-31"
word: {type: str, default: "yes"}
text: {type: str, multiline: true, default: "one\\ntwo\\n"}
braces: "{% raw %}{{ kept }}{% endraw %}"
deep: {type: yaml, default: "{a: {b: [1, {c: null}]}}"}
flow: {type: json, default: '{"x": [true, null, 1.5]}'}
hashed: "{{ 'x' | hash('sha1') }} {{ names | to_json }} {{ 'a/b.c' | basename }}"
"""

SHOWN = "".join(
    f"{line.split(':')[0]}={{{{ {line.split(':')[0]} | default('none') }}}}\n"
    for line in EVERY_TYPE.strip().splitlines()
)


def becomes_fresh(run: Run, work: Path, versions: Versions) -> None:
    """Assert that an untouched project of a template of two versions becomes what copier makes of the second."""
    template = written(work.with_name("small"), versions)
    project = committed(plain(str(template), work / "project", {}, "v1"))
    expected = fresh(SMALL, "v2", project, work / "fresh")
    run("update", str(project))
    assert snapshot(project) == expected


SMALL = Foreign("small", {})


@pytest.mark.parametrize("first", [EVERY_TYPE, "other: 1\n"], ids=["recorded", "new"])
def test_every_type_of_answer(first: str, run: Run, work: Path) -> None:
    """Answers of every type that copier knows keep their values, and new questions take copier's defaults."""
    becomes_fresh(
        run,
        work,
        {
            "v1": {**ANSWERS_FILE, "copier.yml": first},
            "v2": {"copier.yml": EVERY_TYPE, "shown.txt.jinja": SHOWN},
        },
    )


@pytest.mark.parametrize(
    "word",
    [
        "_copier_answers._commit",
        "_copier_answers['_src_path']",
        "_copier_conf.vcs_ref_hash",
        "_copier_conf.answers_file",
    ],
)
def test_what_copier_says_of_itself(word: str, run: Run, work: Path) -> None:
    """Files that name the template's version, place or commit name the new ones, and no folder of ours."""
    text = f"made from {{{{ {word} }}}}\n\n\n"
    becomes_fresh(
        run,
        work,
        {
            "v1": {**ANSWERS_FILE, "copier.yml": NAME, "made.txt.jinja": f"{text}one\n"},
            "v2": {"made.txt.jinja": f"{text}two\n"},
        },
    )


@pytest.mark.parametrize("code", ["", "_tasks: ['true']\n", "_jinja_extensions: [jinja2.ext.do]\n"])
@pytest.mark.parametrize("place", ["", "git+file://"])
def test_the_record_in_a_file(code: str, place: str, run: Run, work: Path, tmp_path: Path) -> None:
    """A file that names the recorded template or version has what copier's own update writes, and no folder of ours."""
    words = ("_copier_answers._src_path", "_src_path", "_commit", "_copier_answers._commit")
    text = "".join(f"{{{{ {word} }}}}\n\n\n" for word in words)
    first = {**ANSWERS_FILE, "copier.yml": f"{code}{NAME}", "made.txt.jinja": f"{text}one\n"}
    template = written(tmp_path / "small", {"v1": first, "v2": {"made.txt.jinja": f"{text}two\n"}})
    project = committed(plain(f"{place}{template}", work / "project", {}, "v1", trusted=True))
    expected = shutil.copytree(project, work / "copiers")
    with local.env(**os.environ):
        copier.run_update(expected, defaults=True, overwrite=True, quiet=True, unsafe=True)
    run("update", str(project), "--trust", "--accept-answer-changes")
    assert snapshot(project) == snapshot(expected)


@pytest.mark.parametrize(
    "answers",
    [
        "# From {{ _copier_answers._src_path }} at {{ _copier_answers._commit }}\n{{ _copier_answers | to_nice_yaml }}",
        "# Not by hand\n{{ _copier_answers | to_json }}\n",
        "---\n{{ _copier_answers | to_nice_yaml(indent=2, width=50, sort_keys=False) -}}\n",
    ],
    ids=["comment", "json", "unsorted"],
)
def test_answers_files_of_other_shapes(answers: str, run: Run, work: Path) -> None:
    """However the template writes its answers file, it is as copier would have written it."""
    becomes_fresh(
        run,
        work,
        {
            "v1": {"{{ _copier_conf.answers_file }}.jinja": answers, "copier.yml": f"{NAME}words: '{'word ' * 40}'\n"},
            "v2": {"new.txt": "new\n"},
        },
    )


@pytest.mark.parametrize("path", ["", ".config/small.yml"])
def test_an_answers_file_in_a_folder(path: str, run: Run, work: Path, tmp_path: Path) -> None:
    """An answers file below the project's folder is found, and may be given as PATH."""
    config = f"_answers_file: .config/small.yml\n{NAME}"
    template = written(
        tmp_path / "small",
        {"v1": {**ANSWERS_FILE, "copier.yml": config, "notes.txt": "one\n"}, "v2": {"notes.txt": "two\n"}},
    )
    project = committed(plain(str(template), work / "project", {}, "v1"))
    run("update", str(project / path))
    assert (project / "notes.txt").read_text() == "two\n"
    assert "_commit: v2" in (project / ".config" / "small.yml").read_text()


@pytest.mark.parametrize("template_file", [None, ".config/theirs.yml"])
@pytest.mark.parametrize("file", [".config/ours.yml", "a/b/.copier-answers.yml"])
def test_an_answers_file_where_the_user_put_it(
    template_file: str | None, file: str, run: Run, work: Path, tmp_path: Path
) -> None:
    """An answers file that `copier copy --answers-file` put elsewhere is given beside PATH; alone it is refused."""
    config = f"_answers_file: {template_file}\n{NAME}" if template_file else NAME
    template = written(
        tmp_path / "small",
        {"v1": {**ANSWERS_FILE, "copier.yml": config, "notes.txt": "one\n"}, "v2": {"notes.txt": "two\n"}},
    )
    copier.run_copy(str(template), work / "project", answers_file=file, vcs_ref="v1", defaults=True, quiet=True)
    project = committed(work / "project")
    before = state(project)
    for path in (project / file, (project / file).parent):
        message = run("update", str(path), code=2).err
        assert f"update {project} --answers-file {file}" in message
        assert state(project) == before
    for wrong in ("no.yml", f"../project/{file}", str(tmp_path / file)):
        assert "There is no answers file" in run("update", str(project), "--answers-file", wrong, code=2).err
    for right in (file, str(project / file)):
        run("update", str(project), "--answers-file", right, "--check", code=1)
    run("update", str(project), "-a", file, "--commit")
    assert (project / "notes.txt").read_text() == "two\n"
    assert "_commit: v2" in (project / file).read_text()
    assert git("status", "--porcelain", at=project) == ""


def test_a_nested_project_that_has_lost_its_files(run: Run, work: Path, tmp_path: Path) -> None:
    """In a project that has none of the template's files left, below one that has them, --answers-file decides."""
    template = written(
        tmp_path / "small",
        {"v1": {**ANSWERS_FILE, "copier.yml": NAME, "notes.txt": "one\n"}, "v2": {"more.txt": "two\n"}},
    )
    for name in ("project", "project/inner"):
        plain(str(template), work / name, {}, "v1")
    (work / "project" / "inner" / "notes.txt").unlink()
    project = committed(work / "project")
    assert "--answers-file" in run("update", str(project / "inner"), code=2).err
    run("update", str(project / "inner"), "--answers-file", ".copier-answers.yml")
    assert (project / "inner" / "more.txt").exists()
    assert not (project / "more.txt").exists()


def in_a_subfolder(work: Path, tmp_path: Path, file: str) -> Path:
    """A repository with a README of its own, and a project in a subfolder, which has one too."""
    files = {**ANSWERS_FILE, "copier.yml": NAME, "README.md": "# it\n\nold\n"}
    later = {"README.md": "# it\n\nnew\n", "more.txt": "two\n"}
    template = written(tmp_path / "small", {"v1": files, "v2": later})
    copier.run_copy(str(template), work / "top/svc", answers_file=file, vcs_ref="v1", defaults=True, quiet=True)
    (work / "top/README.md").write_text("# top\n\nold\n")
    return committed(work / "top")


@pytest.mark.parametrize("args", [(), ("--commit",), ("--branch",)], ids=["staged", "commit", "branch"])
def test_the_only_project_is_in_a_subfolder(run: Run, work: Path, tmp_path: Path, args: tuple[str, ...]) -> None:
    """The only project of a repository is updated where it is, not where the repository's root is."""
    top = in_a_subfolder(work, tmp_path, ".copier-answers.yml")
    run("update", str(top), "--check", code=1)
    run("update", *args, str(top)) if args != ("--branch",) else run("update", str(top), "--branch", "x")
    changed = git("diff", "--name-only", "HEAD", *(["x"] if "--branch" in args else []), at=top).split()
    changed = git("show", "--name-only", "--format=", at=top).split() if "--commit" in args else changed
    assert changed == ["svc/.copier-answers.yml", "svc/README.md", "svc/more.txt"]


def test_an_odd_answers_file_in_a_subfolder(run: Run, work: Path, tmp_path: Path) -> None:
    """If the answers file could belong to either folder, that which has more of the template's files is proposed."""
    top = in_a_subfolder(work, tmp_path, ".copier-answers.b.yml")
    (top / "svc" / "more.txt").write_text("two\n")
    committed(top)
    message = run("update", str(top), code=2).err
    assert f"`new-ops-project update {top}/svc --answers-file .copier-answers.b.yml`" in message
    run("update", str(top / "svc"), "--answers-file", ".copier-answers.b.yml")
    assert "new" in (top / "svc/README.md").read_text()
    assert (top / "README.md").read_text() == "# top\n\nold\n"


def test_one_template_twice(run: Run, work: Path, tmp_path: Path) -> None:
    """Of two answers files of one project, which `copier copy --answers-file` makes, the one given is updated."""
    template = written(
        tmp_path / "small",
        {
            "v1": {**ANSWERS_FILE, "copier.yml": NAME, "{{ name }}/notes.txt": "one\n"},
            "v2": {"{{ name }}/notes.txt": "two\n"},
        },
    )
    for name in ("a", "b"):
        copier.run_copy(
            str(template),
            work / "project",
            {"name": name},
            answers_file=f".copier-answers.{name}.yml",
            vcs_ref="v1",
            defaults=True,
            quiet=True,
        )
    project = committed(work / "project")
    assert ".copier-answers.a.yml" in run("update", str(project), code=2).err
    run("update", str(project / ".copier-answers.b.yml"))
    message = run("update", str(project / ".copier-answers.a.yml"), code=2).err
    assert "The update to v2 of .copier-answers.b.yml is not committed" in message
    assert "no update of .copier-answers.a.yml can start" in message
    assert [(project / name / "notes.txt").read_text() for name in ("a", "b")] == ["one\n", "two\n"]


def test_data_of_the_project(run: Run, work: Path, tmp_path: Path) -> None:
    """A template that reads a file of the project (`_external_data`) finds it."""
    config = "_external_data: {site: site.yml}\nname: {type: str, default: '{{ _external_data.site.name }}'}\n"
    text = "{{ _external_data.site.name }}\n\n\n"
    template = written(
        tmp_path / "small",
        {
            "v1": {**ANSWERS_FILE, "copier.yml": config, "notes.txt.jinja": f"{text}one\n"},
            "v2": {"notes.txt.jinja": f"{text}two\n", "new.txt.jinja": text},
        },
    )
    (work / "project").mkdir()
    (work / "project" / "site.yml").write_text("name: ours\n")
    project = committed(plain(str(template), work / "project", {}, "v1"))
    run("update", str(project))
    assert (project / "notes.txt").read_text() == "ours\n\n\ntwo\n"
    assert (project / "new.txt").read_text() == "ours\n\n\n"
