"""Which files of a template an update leaves to the project, as copier has it."""

from pathlib import Path

import pytest
from support.command import ROOT, Run, git
from support.small import ANSWERS, LINES, MINE, NEWER, QUESTIONS, make, release, update
from support.update_cases import make_tiers

from new_ops_project.template import copier_yml
from new_ops_project.template.evaluation import Answers

CI = "ci: {type: str, default: github}\n"
DOCS = "docs: {type: bool, default: true}\n"
WITHOUT_DOCS = "_exclude: [\"{% if not docs %}guide.md{% endif %}\", '*.yml', .git]\n"


# ---- answers whose question is gone -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["{% if ci == 'github' %}flow.txt{% endif %}.jinja", "{% if ci %}flow.txt{% endif %}", "{{ 'flow.txt' if ci }}"],
)
@pytest.mark.parametrize("renderer", ["", "copier"])
def test_a_dropped_answer_still_renders(
    run: Run, tmp_path: Path, path: str, renderer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose name uses an answer that is no longer asked for stays, and the text has the answer, once more."""
    monkeypatch.setenv("NEW_OPS_PROJECT_RENDERER", renderer)
    text = "{{ ci }}\n" if path.endswith(".jinja") else "github\n"
    old = {path: text, "used.txt.jinja": "one {{ ci }}\n"}
    new = {"used.txt.jinja": "two {{ ci }}\n"}
    answers = {"ci": "github", "colour": "blue"}
    rendered = {"flow.txt": "github\n", "used.txt": "one github\n"}
    small = make(tmp_path, old, new, rendered, questions=(CI + QUESTIONS, QUESTIONS), answers=answers)
    if (small.project / path).exists():  # it is not evaluated in what `make` lays
        (small.project / path).unlink()
        small.commit({})
    update(run, small, "--commit")
    assert (small.text("flow.txt"), small.text("used.txt")) == ("github\n", "two github\n")
    assert "ci" not in small.recorded()
    release(small.template, "v1.2.0", {"other.txt": "other\n"})
    update(run, small, "--commit")
    assert (small.text("flow.txt"), small.text("used.txt")) == ("github\n", "two github\n")


# ---- excludes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exclude",
    [
        "[guide.md]",
        "['*.md']",
        "[\"{% if colour == 'blue' %}guide.md{% endif %}\"]",
        "['{% if _copier_conf.answers_file and _folder_name == \"audit\" %}guide.md{% endif %}']",
        "['{% if _copier_operation == \"update\" %}guide.md{% endif %}']",
    ],
)
@pytest.mark.parametrize("mine", [LINES, MINE])
def test_a_newly_excluded_file_stays(run: Run, tmp_path: Path, exclude: str, mine: str) -> None:
    """A file that a version of the template excludes is the user's from then on, edited or not."""
    new = f"_exclude: {exclude}\n{QUESTIONS}"
    old = {"guide.md": LINES, "task.py": LINES}
    small = make(tmp_path, old, {"task.py": NEWER}, {"guide.md": mine}, questions=(QUESTIONS, new))
    assert "guide.md" not in [entry["path"] for entry in update(run, small, "--json").json["files"]]
    assert (small.text("guide.md"), small.text("task.py")) == (mine, NEWER)


@pytest.mark.parametrize("mine", [LINES, MINE])
@pytest.mark.parametrize("has_new_version", [True, False])
def test_a_file_that_an_answer_excludes_goes(run: Run, tmp_path: Path, mine: str, *, has_new_version: bool) -> None:
    """A file that an answer switches off is removed if nobody edited it, and otherwise a conflict."""
    questions = WITHOUT_DOCS + DOCS
    new = {"task.py": NEWER} if has_new_version else {}
    small = make(
        tmp_path,
        {"guide.md": LINES, "task.py": LINES},
        new,
        {"guide.md": mine},
        questions=(questions, None),
        answers={"docs": True},
    )
    update(run, small, "--set", "docs=no", code=0 if mine == LINES else 3)
    assert (small.project / "guide.md").exists() == (mine == MINE)


@pytest.mark.parametrize("default", ["true", "false"])
def test_a_new_question_decides_an_exclude(run: Run, tmp_path: Path, default: str) -> None:
    """The default of a question that is new counts: the file is updated with true, stays as it is with false."""
    new = WITHOUT_DOCS + DOCS.replace("true", default)
    files = {"guide.md": LINES, "task.py": LINES}
    small = make(tmp_path, files, {"guide.md": NEWER}, {"guide.md": MINE}, questions=("_envops: {}\n", new), answers={})
    update(run, small)
    assert ("newer" in small.text("guide.md"), "mine" in small.text("guide.md")) == (default == "true", True)


def test_a_new_question_excludes_by_its_default(run: Run, tmp_path: Path) -> None:
    """A file that a new question excludes by its default stays the user's, though nothing is recorded for it."""
    new = f"_exclude: ['{{% if docs %}}guide.md{{% endif %}}', copier.yml]\n{DOCS}"
    small = make(
        tmp_path, {"guide.md": LINES, "task.py": LINES}, {"task.py": NEWER}, questions=("a: 1\n", new), answers={}
    )
    update(run, small)
    assert small.text("guide.md") == LINES


def test_a_new_question_set_to_another_answer(run: Run, tmp_path: Path) -> None:
    """A file that a new question excludes by default is updated where the answer that is given includes it."""
    new = WITHOUT_DOCS + DOCS.replace("true", "false")
    files = {"guide.md": LINES, "task.py": LINES}
    small = make(tmp_path, files, {"guide.md": NEWER}, {"guide.md": MINE}, questions=("_envops: {}\n", new), answers={})
    update(run, small, "--set", "docs=yes")
    assert ("newer" in small.text("guide.md"), "mine" in small.text("guide.md")) == (True, True)


# ---- keep -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_kept_files_stay(run: Run, tmp_path: Path) -> None:
    """A file that is named as kept stays as it is; nothing of it is merged."""
    case = make_tiers(tmp_path)
    readme = case.text("README.md")
    kept = ("--set", "keep=[README.md, .github/workflows]")
    report = run("update", str(case.project), *kept, "--json").json
    assert "README.md" not in [entry["path"] for entry in report["files"]]
    assert case.text("README.md") == readme
    assert (case.project / ".github/workflows/ci.yml").is_file()


@pytest.mark.slow
def test_kept_files_are_no_patterns(run: Run, tmp_path: Path) -> None:
    """A pattern is refused, before anything moves."""
    case = make_tiers(tmp_path)
    assert "is not a list of paths" in run("update", str(case.project), "--set", "keep=['*.md']", code=2).err
    assert git("status", "--porcelain", at=case.project) == ""


@pytest.mark.parametrize(
    "entry", ['""', '" "', '"*"', "docs?", '"[ab]"', '"a\\\\b"', "/a", "../x", "., x", "a//b", '"x\\ny"', ANSWERS]
)
def test_what_cannot_be_kept(entry: str) -> None:
    """Blank entries, patterns, paths outside and the answers file are refused; what a name may hold is not."""
    questionnaire = copier_yml.read(ROOT)
    answers, question = Answers(questionnaire), questionnaire.named("keep")
    assert "is not a list of paths" in answers.refusal(question, f"[{entry}]")
    assert answers.refusal(question, "[README.md, docs/, 'a b.md', '#x', '!x']") == ""


# ---- _skip_if_exists --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", [".env", "'*.env'", '"{{ colour }}.env"', "conf/"])
def test_skip_if_exists_is_written_where_absent(run: Run, tmp_path: Path, pattern: str) -> None:
    """A file that the template skips if it exists is left alone where it does, and written again where it is gone."""
    paths = {".env", "blue.env", "conf/x.env"}
    questions = f"_skip_if_exists: [{pattern}]\n{QUESTIONS}"
    matched = {".env": {".env"}, "'*.env'": paths, "conf/": {"conf/x.env"}}.get(pattern, {"blue.env"})
    old, new, newest = ({path: f"{path} {word}\n" for path in paths} for word in ("old", "new", "newest"))
    small = make(tmp_path, old, new, {}, questions=(questions, None))
    for path in paths:
        (small.project / path).unlink()
    small.commit({})
    update(run, small, "--commit")
    assert {path: small.text(path) for path in paths if (small.project / path).exists()} == {
        path: new[path] for path in matched
    }
    small.commit(dict.fromkeys(matched, MINE))
    release(small.template, "v1.2.0", newest)
    update(run, small, "--commit")
    assert {small.text(path) for path in matched} == {MINE}


def test_skip_if_exists_is_written_in_a_current_project(run: Run, tmp_path: Path) -> None:
    """A project that is current gets an absent file of `_skip_if_exists` again, and nothing else that it deleted."""
    files = {path: f"{path}\n" for path in ("kept.env", "plain")}
    small = make(tmp_path, files, files, {}, questions=(f"_skip_if_exists: ['*.env']\n{QUESTIONS}", None))
    update(run, small, "--commit")
    for path in files:
        (small.project / path).unlink()
    small.commit({})
    update(run, small, "--commit")
    assert small.text("kept.env") == "kept.env\n"
    assert not (small.project / "plain").exists()
    assert "is current" in update(run, small).out


# ---- what a template says ---------------------------------------------------------------------------------------

BEFORE = "_message_before_update: 'Read {{ _copier_conf.dst_path }}/{{ colour }}.md'\n"
SAYS = "_message_after_{0}: |\n  Done in {{{{ _copier_conf.dst_path }}}}: {{{{ colour }}}}.\n  Next: make\x07.\n"


@pytest.mark.parametrize(
    ("args", "is_said"), [([], True), (["--commit"], True), (["--branch"], True), (["--preview"], False)]
)
def test_the_messages_of_an_update(run: Run, tmp_path: Path, args: list[str], is_said: bool) -> None:  # noqa: FBT001
    """What the new version says before and after an update is shown with the answers; nothing can move the cursor."""
    new = BEFORE + SAYS.format("update").replace("\x07", "\\x07") + QUESTIONS
    small = make(tmp_path, {"task.py": LINES}, {"task.py": NEWER}, questions=(QUESTIONS, new))
    out = update(run, small, *args).out
    assert (f"  | Done in {small.project}: blue." in out) == is_said
    assert f"  | Read {small.project}/blue.md\n" in out.partition("task.py")[0]
