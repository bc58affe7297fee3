"""The version that a project records: the release that was chosen, whatever other tags its commit has."""

from pathlib import Path

import pytest
from support import fleets, two_releases
from support.command import Run, git
from support.fleets import clone
from support.history import commit, extend, version
from support.small import QUESTIONS, Small, make, make_template, release

# In the answers file, and in another text, for which copier has to know the template's repository.
TEXTS = [pytest.param({}, id="pure"), pytest.param({"made.txt.jinja": "{{ _copier_answers._commit }}\n"}, id="copier")]
# Tags on the commit of v1.1.0, and whether they are annotated: git describe says each of them rather than v1.1.0.
SECOND = [("stable", True), ("stable", False), ("v1", True), ("v1.1", False), ("latest", True), ("zz/1.1.0", True)]


def template(root: Path, texts: dict[str, str]) -> Path:
    """A template with v1.0.0 and v1.1.0."""
    first = {"copier.yml": QUESTIONS, "task.py": "first\n", **texts}
    return make_template(root / "template", {"v1.0.0": first, "v1.1.0": {"task.py": "second\n"}})


def tag(repository: Path, name: str, at: str, *, annotated: bool = False) -> None:
    """Let a tag name this commit, wherever it was."""
    kind = ("--annotate", f"--message={name}") if annotated else ()
    git("tag", "--force", *kind, name, f"{at}^{{commit}}", at=repository)


def recorded(project: Path) -> str:
    """The version in the answers file; a text that repeats it says the same."""
    answers = (project / ".copier-answers.yml").read_text()
    commit_line = next(line for line in answers.splitlines() if line.startswith("_commit:"))
    text = project / "made.txt"
    assert not text.exists() or text.read_text() == f"{commit_line.removeprefix('_commit: ')}\n"
    return commit_line.removeprefix("_commit: ")


def made(run: Run, source: Path, *options: str, name: str = "audit") -> Path:
    """A new project of the template."""
    run("new", name, "--template", str(source), "--defaults", *options)
    return Path(name).absolute()


# ---- what is recorded ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("texts", TEXTS)
@pytest.mark.parametrize(("name", "annotated"), SECOND)
def test_the_newest_release(name: str, annotated: bool, texts: dict[str, str], run: Run, tmp_path: Path) -> None:  # noqa: FBT001 - not a call by hand
    """`new` and `update` record the release, though its commit has another tag; and so it is behind the next one."""
    source = template(tmp_path, texts)
    old = made(run, source, name="old")
    tag(source, name, "v1.1.0", annotated=annotated)
    assert recorded(made(run, source)) == "v1.1.0"
    project = made(run, source, "--ref", "v1.0.0", name="older")
    assert recorded(project) == "v1.0.0"
    run("update", str(project), "--commit")
    assert recorded(project) == recorded(old) == "v1.1.0"
    release(source, "v1.2.0", {"task.py": "third\n"})
    tag(source, name, "v1.2.0", annotated=annotated)
    assert run("update", str(project), "--check", "--json", code=1).json["to"] == "v1.2.0"
    run("update", str(project))
    assert recorded(project) == "v1.2.0"
    assert (project / "task.py").read_text() == "third\n"


@pytest.mark.parametrize("texts", TEXTS)
@pytest.mark.parametrize(
    ("wanted", "name"), [("stable", "v1.1.0"), ("v1", "v1.1.0"), ("v1.0.0", "v1.0.0"), ("1.0.0.post1", "1.0.0.post1")]
)
def test_what_was_asked_for(wanted: str, name: str, texts: dict[str, str], run: Run, tmp_path: Path) -> None:
    """A release that was asked for is recorded, even beside a newer one; another tag is recorded as its release."""
    source = template(tmp_path, texts)
    for other, at in (("stable", "v1.1.0"), ("v1", "v1.1.0"), ("1.0.0.post1", "v1.0.0"), ("old", "v1.0.0")):
        tag(source, other, at, annotated=True)
    assert recorded(made(run, source, "--ref", wanted)) == name
    project = made(run, source, "--ref", "v1.0.0" if name == "v1.1.0" else "v1.1.0", name="other")
    run("update", str(project), "--to", wanted)
    assert recorded(project) == name


@pytest.mark.parametrize("texts", TEXTS)
def test_a_tag_that_is_no_release(texts: dict[str, str], run: Run, tmp_path: Path) -> None:
    """A tag on a commit without a release, or in a template without releases, is recorded as that commit."""
    source = template(tmp_path, texts)
    extend(source, commit("More", {"task.py": "more\n"}, parent="refs/heads/trunk^0"))
    tag(source, "nightly", "trunk", annotated=True)
    commit_id = git("rev-parse", "trunk", at=source)
    project = made(run, source, "--ref", "nightly")
    assert recorded(project) == f"v1.1.0-1-g{commit_id[:7]}"
    git("tag", "--delete", "v1.0.0", "v1.1.0", at=source)
    for options in ([], ["--ref", "nightly"]):
        other = made(run, source, *options, name=f"other{len(options)}")
        assert recorded(other) == commit_id[:7]
    run("update", str(other), "--check")


def test_promote_and_adopt(run: Run, work: Path, tmp_path: Path) -> None:
    """`promote` and `adopt` record the release too."""
    source = two_releases.published(tmp_path)
    tag(source, "stable", "v1.1.0", annotated=True)
    project = made(run, source, "--tier", "script")
    run("promote", "library", str(project), "--commit")
    assert recorded(project) == "v1.1.0"
    other = work / "other"
    other.mkdir()
    (other / "task.py").write_text("print('task')\n")
    git("init", "--quiet", at=other)
    git("add", "--all", at=other)
    git("commit", "--quiet", "--message=first", at=other)
    run("adopt", str(other), "--template", str(source), "--tier", "script", "--python", "3.13", "--commit")
    assert recorded(other) == "v1.1.0"


def test_fleet(run: Run, work: Path, tmp_path: Path) -> None:
    """`fleet update` records the release that the plan has, and `fleet status` counts no second name of it."""
    source = fleets.template(tmp_path / "template")
    for name in ("stable", "v1", "v1.1"):
        tag(source, name, "v1.1.0", annotated=True)
    project = clone(work / "a", source)
    (row,) = run("fleet", "status", str(work), "--json", code=1).json["repositories"]
    assert (row["newest"], row["behind"]) == ("v1.1.0", 1)
    run("fleet", "update", str(work), "--out", str(tmp_path / "out"))
    (result,) = fleets.results(tmp_path / "out").values()
    copy = fleets.unbundled(tmp_path / "out", result, project, tmp_path / "copy")
    git("switch", "--quiet", "template", at=copy)
    assert recorded(copy) == "v1.1.0"


def test_a_tag_with_the_name_of_a_branch(run: Run, tmp_path: Path) -> None:
    """A release counts although a branch has its name."""
    source = template(tmp_path, {})
    git("branch", "v1.1.0", "v1.0.0^{commit}", at=source)
    project = made(run, source)
    assert recorded(project) == "v1.1.0"
    assert (project / "task.py").read_text() == "second\n"


# ---- projects that record a name that can move -----------------------------------------------------------------------


def recording(root: Path, name: str, *, day: int) -> Small:
    """A project that records `name`, a tag that is on v1.1.0 of that day, while it was made on the first day."""
    small = make(root, {"task.py": "first\n"}, {}, answers={"colour": "blue"})
    extend(small.template, version("v1.2.0", {"task.py": "second\n"}, day=day, parent="refs/heads/trunk^0"))
    tag(small.template, name, "v1.2.0")
    text = small.text(".copier-answers.yml").replace("_commit: v1.0.0", f"_commit: {name}")
    small.commit({".copier-answers.yml": text, "task.py": "second\n"})
    return small


@pytest.mark.parametrize("name", ["stable", "v1", "v1.2", "release/1"])
def test_a_name_that_has_not_moved(name: str, run: Run, tmp_path: Path) -> None:
    """The project is not current: an update says what the name stands for, and records that."""
    small = recording(tmp_path, name, day=1)
    checked = run("update", str(small.project), "--check", code=1)
    assert f"{name} is a name that can move" in checked.err + checked.out
    assert "OPS603" in run("check", str(small.project), "--select", "OPS603", code=1).out
    updated = run("update", str(small.project), "--commit", "--json").json
    assert [file["path"] for file in updated["files"]] == [".copier-answers.yml"]
    assert name in updated["notes"][0]
    assert recorded(small.project) == "v1.2.0"
    assert run("update", str(small.project), "--check", "--json").json["state"] == "current"


@pytest.mark.parametrize("texts", TEXTS[1:])
@pytest.mark.parametrize("name", ["stable", "v1.1.0-1-g{}", "{}"])
def test_a_text_that_repeats_the_name(name: str, texts: dict[str, str], run: Run, tmp_path: Path) -> None:
    """The base has the name that is recorded, so that a text with it is not taken for the project's own edit."""
    source = template(tmp_path, texts)
    extend(source, commit("More", {"task.py": "more\n"}, parent="refs/heads/trunk^0"))
    commit_id = git("rev-parse", "--short", "trunk", at=source)
    project = made(run, source, "--ref", "trunk")
    tag(source, "v1.2.0", "trunk")
    tag(source, "stable", "trunk")
    for file in (".copier-answers.yml", "made.txt"):
        text = (project / file).read_text()
        (project / file).write_text(text.replace(f"v1.1.0-1-g{commit_id}", name.format(commit_id)))
    git("commit", "--quiet", "--all", "--allow-empty", "--message=rename", at=project)
    shown = run("check", str(project), "--select", "template", "--json", code=int(name == "stable")).json
    assert set(shown["drift"][str(project)].values()) == {"same"}
    release(source, "v1.3.0", {"task.py": "third\n"})
    run("update", str(project))
    assert recorded(project) == "v1.3.0"


@pytest.mark.parametrize("name", ["stable", "v1"])
def test_a_name_that_has_moved(name: str, run: Run, tmp_path: Path) -> None:
    """Where the tag is younger than the record, nothing is merged with a wrong base: the project has to say its own."""
    small = recording(tmp_path, name, day=10_000)
    for options in (["update"], ["update", "--check"], ["update", "--to", "v1.1.0"]):
        message = run(options[0], str(small.project), *options[1:], code=2).err
        assert "has moved" in message
        assert "`_commit: v1.1.0`" in message
    assert "has moved" in run("check", str(small.project), "--select", "OPS602", code=1).out
    assert small.git("status", "--porcelain") == ""
    answers = small.text(".copier-answers.yml").replace(f"_commit: {name}\n", "_commit: v1.1.0\n")
    small.commit({".copier-answers.yml": answers})
    run("update", str(small.project), "--commit")
    assert recorded(small.project) == "v1.2.0"


@pytest.mark.parametrize(("day", "state"), [(1, "updated"), (10_000, "failed")])
def test_a_fleet_with_such_a_name(day: int, state: str, run: Run, work: Path, tmp_path: Path) -> None:
    """`fleet status` shows it as behind, with the reason; `fleet update` records a release, or says why it cannot."""
    recording(tmp_path, "stable", day=day)
    (row,) = run("fleet", "status", str(tmp_path / "audit"), "--json", code=1).json["repositories"]
    assert (row["state"], row["behind"]) == ("behind", 1)
    assert "stable is a name that can move" in row["reason"]
    run("fleet", "update", str(tmp_path / "audit"), "--out", "out", code=2 if state == "failed" else 0)
    (result,) = fleets.results(work / "out").values()
    assert result["state"] == state
    assert ("has moved" in result.get("reason", "")) == (state == "failed")
