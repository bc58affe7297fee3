"""Projects that follow several templates, each with an answers file of its own."""

import json
from pathlib import Path
from typing import Any

import pytest
from support import fleets
from support.command import Run, git
from support.small import QUESTIONS, Small, lay, make, make_template, release

OTHERS = [".copier-answers.docs.yml", ".copier-answers/docs.yml", "docs-answers.yaml", ".config/docs.yml"]


def two(root: Path, file: str = OTHERS[0], *, behind: str = "", prefix: str = "") -> Small:
    """A project of the templates `template`, at v1.1.0, and `docs`, at v2.0.0; those in `behind` have a newer one."""
    small = make(root, {"task.py": "one\n", "both.txt": "code\n"}, {"task.py": "two\n"}, prefix=prefix)
    docs = make_template(root / "docs", {"v1.0.0": {"copier.yml": QUESTIONS, "docs.md": "one\n"}, "v2.0.0": {}})
    answers = {"_commit": "v2.0.0", "_src_path": str(docs), "colour": "blue"}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in answers.items())
    usual = small.text(".copier-answers.yml").replace("v1.0.0", "v1.1.0")
    small.commit({".copier-answers.yml": usual, "task.py": "two\n", "docs.md": "one\n", file: text})
    for name in behind.split():
        release(root / name, "v3.0.0", {"task.py" if name == "template" else "docs.md": "three\n"})
    return small


def by_file(shown: Any) -> dict[str, Any]:
    """The objects of `update --check --json`, by answers file."""
    return {row["answers_file"]: row for row in shown["templates"]}


# ---- update ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "services/a/"])
@pytest.mark.parametrize("file", OTHERS)
def test_each_is_updated_by_name(file: str, prefix: str, run: Run, tmp_path: Path) -> None:
    """Without a choice, update has the command for each; with one, it updates that template and names the other."""
    small = two(tmp_path, file, behind="template docs", prefix=prefix)
    refused = run("update", str(small.project), code=2).err
    commands = [line.split() for line in refused.splitlines() if line.startswith("  new-ops-project update ")]
    assert len(commands) == 2
    assert {command[command.index("--answers-file") + 1] for command in commands} == {".copier-answers.yml", file}
    output = run(*commands[1][1:], "--commit").out
    assert "other templates: .copier-answers.yml" in output
    assert (small.text("docs.md"), small.text("task.py")) == ("three\n", "two\n")
    assert "v3.0.0" in small.text(file)
    result = run(*commands[0][1:], "--commit", "--json").json
    assert result["other_templates"] == [file]
    assert small.text("task.py") == "three\n"
    assert run("update", str(small.project), "--check").out.count("is current") == 2


def test_the_answers_file_as_path(run: Run, tmp_path: Path) -> None:
    """An answers file that is given as PATH is a choice, too."""
    for file in OTHERS[:3]:
        small = two(tmp_path / file, file, behind="docs")
        run("update", str(small.project / file), "--commit")
        assert small.text("docs.md") == "three\n"


@pytest.mark.parametrize("file", ["notes.txt", "other.yml", "empty", "bytes.bin"])
def test_a_file_that_is_no_answers_file(file: str, run: Run, tmp_path: Path) -> None:
    """Another file as PATH is refused for what it is."""
    small = two(tmp_path)
    small.commit({"notes.txt": "notes\n", "other.yml": "a: 1\n", "empty": "", "bytes.bin": b"\0\xff"})
    for verb in ("update", "promote"):
        assert f"{small.project / file} is no answers file" in run(verb, str(small.project / file), code=2).err


def test_branches_of_two_templates(run: Run, tmp_path: Path) -> None:
    """Two templates with versions of the same name have branches of different names."""
    small = two(tmp_path, behind="template docs")
    names = [
        run("update", str(small.project), "-a", file, "--branch", "--json").json["branch"]
        for file in (".copier-answers.yml", OTHERS[0])
    ]
    assert names[0] == "template/v3.0.0"
    assert len({*names}) == 2


# ---- who looks at all of them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", OTHERS)
@pytest.mark.parametrize(("behind", "code"), [("", 0), ("template", 1), ("docs", 1), ("template docs", 1)], ids=str)
def test_update_check(behind: str, code: int, file: str, run: Run, tmp_path: Path) -> None:
    """`update --check` compares every template: it is behind if one is; JSON has that one first, and a list of all."""
    small = two(tmp_path, file, behind=behind)
    shown = run("update", str(small.project), "--check", "--json", code=code).json
    states = {key: row["state"] for key, row in by_file(shown).items()}
    expected = {".copier-answers.yml": "template" in behind.split(), file: "docs" in behind}
    assert states == {key: "behind" if is_behind else "current" for key, is_behind in expected.items()}
    assert shown["state"] == ("behind" if behind else "current")
    assert shown["to"] == ("v3.0.0" if behind else "v1.1.0")
    assert len(shown["next"]) == len(behind.split())
    output = run("update", str(small.project), "--check", code=code).out
    assert output.count("is not current") == len(behind.split())
    result = run(
        "update", str(small.project), "--check", "--answers-file", file, "--json", code=int("docs" in behind)
    ).json
    assert "templates" not in result
    assert result["other_templates"] == [".copier-answers.yml"]


def test_one_that_cannot_be_reached(run: Run, tmp_path: Path) -> None:
    """A template that is gone does not hide that another one is behind; the exit code is 2."""
    small = two(tmp_path, behind="docs")
    (tmp_path / "template").rename(tmp_path / "gone")
    ran = run("update", str(small.project), "--check", "--json", code=2)
    rows = by_file(ran.json)
    assert (rows[".copier-answers.yml"]["state"], rows[OTHERS[0]]["state"]) == ("failed", "behind")
    assert "does not exist" in rows[".copier-answers.yml"]["reason"]
    assert "does not exist" in ran.err
    checked = run("check", str(small.project), "--select", "OPS603", "--format", "json", code=1).json
    assert [finding["path"].rpartition("/")[2] for finding in checked["findings"]] == [OTHERS[0]]
    assert checked["skipped"]


def test_a_choice_is_needed_for_a_version(run: Run, tmp_path: Path) -> None:
    """`--to` and `--template` mean one template."""
    small = two(tmp_path)
    for option in (["--to", "v1.0.0"], ["--template", str(tmp_path / "docs")]):
        assert "--answers-file" in run("update", str(small.project), "--check", *option, code=2).err


@pytest.mark.parametrize("file", OTHERS)
def test_check(file: str, run: Run, tmp_path: Path) -> None:
    """`check` has the findings of every template, at its own answers file, and the drift of both."""
    small = two(tmp_path, file, behind="template docs")
    small.commit({"docs.md": "mine\n", "task.py": "mine\n"})
    shown = run("check", str(small.project), "--select", "template", "--json", code=1).json
    paths = [finding["path"].removeprefix(f"{small.project}/") for finding in shown["findings"]]
    assert sorted(paths) == sorted([".copier-answers.yml", file])
    assert all(f"--answers-file {path}" in str(shown) for path in paths)
    drift = shown["drift"][str(small.project)]
    assert {path for path, state in drift.items() if state == "edited"} == {"docs.md", "task.py"}


def test_a_file_of_two_templates(run: Run, tmp_path: Path) -> None:
    """A file that both templates write is drift of neither, unless it is gone."""
    small = two(tmp_path)
    release(tmp_path / "docs", "v2.1.0", {"both.txt": "docs\n"})
    small.commit({OTHERS[0]: small.text(OTHERS[0]).replace("v2.0.0", "v2.1.0"), "both.txt": "code\ndocs\n"})
    assert (
        run("check", str(small.project), "--select", "OPS6", "--ignore", "OPS601", "--format", "json").json["findings"]
        == []
    )
    small.commit({"both.txt": None})
    shown = run("check", str(small.project), "--select", "OPS605", "--json").json
    assert (shown["findings"], shown["drift"][str(small.project)]["both.txt"]) == ([], "deleted")


@pytest.mark.parametrize("file", OTHERS)
def test_doctor(file: str, run: Run, index: Path, tmp_path: Path) -> None:
    """`doctor` says of each template whether it is there."""
    small = two(tmp_path, file)
    lay(small.project, {"pyproject.toml": '[project]\nname = "x"\nversion = "1"\n'})
    (tmp_path / "docs").rename(tmp_path / "gone")
    checks = json.loads(run("doctor", str(small.project), "--json", code=1).out)["checks"]
    messages = {check["message"]: check["remedy"] for check in checks if check["name"] == "template"}
    assert [*messages] == [f"{tmp_path / 'template'} answers", f"{tmp_path / 'docs'} is not on this machine"]
    assert f"--answers-file {file}" in messages[f"{tmp_path / 'docs'} is not on this machine"]


# ---- promote and adopt -----------------------------------------------------------------------------------------------


def test_promote_and_adopt(run: Run, work: Path, tmp_path: Path) -> None:
    """`promote` takes the template that has tiers; `adopt` adds a template beside another one, once."""
    small = two(tmp_path)
    project = work / "audit"
    run("new", "audit", "--defaults", "--tier", "script")
    lay(project, {OTHERS[0]: small.text(OTHERS[0]), "docs.md": "one\n"})
    git("add", "--all", at=project)
    git("commit", "--quiet", "--message=docs", at=project)
    run("promote", "library", "audit", "--commit")
    assert "tier: library" in (project / ".copier-answers.yml").read_text()
    assert run("adopt", "audit", "--json").json["state"] == "current"
    git("rm", "--quiet", ".copier-answers.yml", at=project)
    git("commit", "--quiet", "--message=lost", at=project)
    assert run("adopt", "audit", "--commit", "--json").json["state"] == "committed"
    states = by_file(run("update", "audit", "--check", "--json").json)
    assert [*states] == [".copier-answers.yml", OTHERS[0]]


def test_promote_without_a_tier(run: Run, tmp_path: Path) -> None:
    """Where no template has tiers, or several have, `promote` has the command for each answers file."""
    small = two(tmp_path)
    message = run("promote", "library", str(small.project), code=2).err
    assert f"new-ops-project promote ../audit/{OTHERS[0]}" in message
    assert "records no tier" in run("promote", "library", str(small.project / OTHERS[0]), code=2).err


# ---- a fleet ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "services/a/"])
@pytest.mark.parametrize("file", OTHERS)
def test_fleet(file: str, prefix: str, run: Run, work: Path, tmp_path: Path) -> None:
    """Each template is a project of the fleet, with a row, a commit and a branch of its own."""
    small = two(tmp_path, file, behind="template docs", prefix=prefix)
    rows = run("fleet", "status", str(small.repository), "--json", code=1).json["repositories"]
    name = f"{small.repository}//{prefix}".rstrip("/")
    second = f"{name}/{file}" if prefix else f"{name}//{file}"
    assert {(row["name"], row["state"], row["version"]) for row in rows} == {
        (name, "behind", "v1.1.0"),
        (second, "behind", "v2.0.0"),
    }
    run("fleet", "update", str(small.repository), "--out", "out")
    results = [json.loads(line) for line in next((work / "out").glob("results-*.jsonl")).read_text().splitlines()]
    assert len({result["target"] for result in results}) == 2
    for result, path in zip(
        sorted(results, key=lambda result: len(result["name"])), ("task.py", "docs.md"), strict=True
    ):
        copy = fleets.unbundled(work / "out", result, small.repository, tmp_path / path)
        assert git("diff", "--name-only", "HEAD", "template", at=copy).count(path) == 1
        assert (result["state"], fleets.content(copy, f"template:{prefix}{path}")) == ("updated", b"three\n")
    run("fleet", "publish", "--in", "out", "--mode", "branch")
    assert len(small.git("branch", "--list", "template/*").splitlines()) == 2


def test_a_fleet_by_address(run: Run, work: Path, tmp_path: Path) -> None:
    """So it is for a repository that is known by its address only; `retry` finds each again under its name."""
    small = two(tmp_path, behind="docs")
    small.commit({"docs.md": "mine\n"})
    git("clone", "--quiet", "--bare", str(small.repository), str(tmp_path / "bare.git"), at=tmp_path)
    fleets.served(tmp_path / "bare.git")
    address = f"file://{tmp_path}/bare.git"
    rows = run("fleet", "status", address, "--json", code=1).json["repositories"]
    assert [(row["name"].rpartition("/")[2], row["state"]) for row in rows] == [
        (OTHERS[0], "behind"),
        ("bare", "current"),
    ]
    run("fleet", "update", address, "--out", "out", code=3)
    assert fleets.results(work / "out")[OTHERS[0]]["state"] == "conflict"
    run("fleet", "retry", "out", "--only", "conflict", "--out", "again.json")
    assert [task["answers_file"] for task in json.loads(Path("again.json").read_text())["tasks"]] == [OTHERS[0]]


def test_a_fleet_knows_the_name_of_the_folder(run: Run, work: Path, tmp_path: Path) -> None:
    """A template that writes its folder's name gets that of the project, not of the answers file."""
    small = two(tmp_path, behind="docs")
    release(tmp_path / "docs", "v4.0.0", {"name.txt.jinja": "{{ _folder_name }}\n"})
    run("fleet", "update", str(small.repository), "--out", "out")
    result = fleets.results(work / "out")[OTHERS[0]]
    copy = fleets.unbundled(work / "out", result, small.repository, tmp_path / "copy")
    assert fleets.content(copy, "template:name.txt") == b"audit\n"


def test_names_in_a_fleet(run: Run, tmp_path: Path) -> None:
    """A project that follows one template has its repository's name, whatever its answers file is called."""
    for file in OTHERS:
        small = two(tmp_path / file, file)
        small.commit({".copier-answers.yml": None})
        (row,) = run("fleet", "status", str(small.repository), "--json").json["repositories"]
        assert (row["name"], row["state"]) == (str(small.repository), "current")
