"""`fleet init --engine github-actions`, with what both engines share."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import ROOT, Run, git, tree
from support.linting import run_linter
from support.small_clones import wheel

from new_ops_project.fleet.engines import github_actions, tool
from new_ops_project.template import installation, pins

COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = f"git+https://git.example.org/ops/new-ops-project@{COMMIT}"
INIT = ("fleet", "init", "--engine", "github-actions")
LOCK = "new-ops-project==0.1.0 --hash=sha256:0\n"


@pytest.fixture
def locked(work: Path) -> Path:
    """A repository that has the lock already, so that nothing is resolved."""
    git("init", "--quiet", at=work)
    (work / ".github" / "fleet").mkdir(parents=True)
    (work / github_actions.LOCK).write_text(LOCK)
    return work


# ---- the workflow -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--tool", URL, "--shards", "4", "--environment", "roll-out")])
def test_linters_find_nothing(options: tuple[str, ...], run: Run, locked: Path) -> None:
    """Zizmor as an auditor, GitHub's schemas, yamllint and our own rules have no finding."""
    run(*INIT, *options)
    run_linter("zizmor", "--offline", "--persona=auditor", ".", cwd=locked)
    run_linter("check-jsonschema", "--builtin-schema=vendor.github-workflows", github_actions.WORKFLOW, cwd=locked)
    run_linter("check-jsonschema", "--builtin-schema=vendor.dependabot", github_actions.DEPENDABOT, cwd=locked)
    rules = "{extends: default, rules: {line-length: disable, truthy: {check-keys: false}}}"
    run_linter(
        "yamllint", "--strict", "--config-data", rules, github_actions.WORKFLOW, github_actions.DEPENDABOT, cwd=locked
    )
    report = run("check", "--offline", "--json", "--select", "OPS1,OPS2").json
    assert report["findings"] == []
    assert not [skipped for skipped in report["skipped"] if "OPS101" in skipped["codes"]]


@pytest.fixture
def jobs(run: Run, locked: Path) -> dict[str, Any]:
    """The jobs of the workflow."""
    run(*INIT)
    jobs: dict[str, Any] = yaml.safe_load((locked / github_actions.WORKFLOW).read_bytes())["jobs"]
    return jobs


def test_no_job_can_write_by_itself(jobs: dict[str, Any]) -> None:
    """Every job may read this repository and no more; only publishing is in the environment that can write."""
    assert [job["permissions"] for job in jobs.values()] == [{"contents": "read"}] * 4
    environments = {name: job.get("environment") for name, job in jobs.items()}
    assert environments == {"plan": "fleet-read", "update": "fleet-read", "publish": "fleet", "report": None}


def test_a_key_is_only_where_a_token_is_made(jobs: dict[str, Any]) -> None:
    """No step that runs the template's code names a secret; the publishing App's is named once."""
    named = [
        (name, step["name"], secret)
        for name, job in jobs.items()
        for step in job["steps"]
        for secret in re.findall(r"secrets\.(\w+)", json.dumps(step))
    ]
    assert named == [
        ("plan", "Make a token that reads", "FLEET_READER_KEY"),
        ("update", "Make a token that reads", "FLEET_READER_KEY"),
        ("publish", "Publish, paced", "FLEET_APP_KEY"),
    ]


def test_shards_go_on_and_publishing_is_one_at_a_time(jobs: dict[str, Any]) -> None:
    """A failing shard stops no other, and one job publishes at a time."""
    assert jobs["update"]["strategy"]["fail-fast"] is False
    assert jobs["publish"]["concurrency"] == {"group": "fleet-publish", "cancel-in-progress": False}
    assert {name: job["timeout-minutes"] for name, job in jobs.items()}["publish"] == 360
    assert jobs["update"]["timeout-minutes"] < 60, "an App's token lives for an hour"
    uploads = [step["with"] for job in jobs.values() for step in job["steps"] if "upload" in step.get("uses", "")]
    assert [upload["name"] for upload in uploads if upload["if-no-files-found"] != "error"] == ["journal"]


def test_actions_are_those_of_the_pins(run: Run, locked: Path) -> None:
    """Each action has the commit and the version that the template pins."""
    run(*INIT)
    used = re.findall(r"uses: (.+)@(.+)  # (.+)", (locked / github_actions.WORKFLOW).read_text())
    known = pins.shipped()
    assert len({name for name, _, _ in used}) == 4
    assert all(known.actions[name] == pins.Action(version, sha) for name, sha, version in used)
    assert re.findall("runs-on: (.+)", (locked / github_actions.WORKFLOW).read_text()) == [known.runners[0]] * 4


def test_options_reach_the_workflow(run: Run, locked: Path) -> None:
    """Shards, the fleet's file, the environments and the tool are those of the options."""
    run(*INIT, "--shards", "12", "--fleet", "ops/all.toml", "--environment", "roll-out", "--tool", URL)
    workflow = (locked / github_actions.WORKFLOW).read_text()
    assert "fleet plan ops/all.toml" in workflow
    assert "--shards 12 " in workflow
    assert re.findall("environment: (.+)", workflow) == ["roll-out-read", "roll-out-read", "roll-out"]
    assert workflow.count(f'--no-deps --no-build-isolation "{URL}"') == 4
    assert tomllib.loads((locked / "ops" / "all.toml").read_text())["forge"] == "github"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--fleet", "../fleet.toml"), "../fleet.toml cannot be the fleet's file"),
        (("--fleet", "/tmp/fleet.toml"), "/tmp/fleet.toml cannot be the fleet's file"),  # noqa: S108 - refused
        (("--fleet", "a; rm -rf b.toml"), "cannot be the fleet's file"),
        (("--fleet", ".github/workflows"), "cannot be the fleet's file"),
        (("--environment", "a\nb"), "cannot be the environment's name"),
        (("--environment", "${{ x }}"), "cannot be the environment's name"),
        (("--shards", "257"), "257 shards are too many"),
        (("--tool", "new-ops-project"), "new-ops-project does not pin this tool"),
        (("--tool", "new-ops-project>=1"), "does not pin this tool"),
        (("--tool", "git+https://git.example.org/x@main"), "does not pin this tool"),
        (("--tool", f'git+https://x/y"; rm@{COMMIT}'), "does not pin this tool"),
    ],
)
def test_an_invalid_value_is_refused(options: tuple[str, ...], error: str, run: Run, work: Path) -> None:
    """The error names a value that would be shell or YAML, and nothing is written."""
    assert error in run(*INIT, *options, code=2).err
    assert not list(work.iterdir())


# ---- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["github-actions", "renovate"])
def test_a_second_run_changes_nothing(engine: str, run: Run, locked: Path) -> None:
    """Not even the time of a file changes."""
    run("fleet", "init", "--engine", engine)
    before = {path: path.stat().st_mtime_ns for path in locked.rglob("*") if path.is_file()}
    assert set(run("fleet", "init", "--engine", engine, "--json").json["files"].values()) <= {"same", "theirs"}
    assert {path: path.stat().st_mtime_ns for path in locked.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("engine", "path"),
    [
        ("github-actions", github_actions.WORKFLOW),
        ("github-actions", github_actions.TOKEN),
        ("renovate", "renovate.json"),
    ],
)
def test_a_file_with_other_content_stays(engine: str, path: str, run: Run, locked: Path) -> None:
    """The error names it with the next step, and nothing is written."""
    target = locked / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("mine\n")
    before = tree(locked)
    ran = run("fleet", "init", "--engine", engine, code=2)
    assert f"{path} already exists, with different content." in ran.err
    assert "--preview" in ran.err
    assert tree(locked) == before
    assert f"{path}  " in run("fleet", "init", "--engine", engine, "--preview").out
    assert tree(locked) == before


def test_starter_files_are_theirs(run: Run, locked: Path) -> None:
    """fleet.toml, the lock, Dependabot's settings and .gitignore stay as they are, and the output says so."""
    mine = {"fleet.toml": "sources = []\n", ".gitignore": "x\n", github_actions.DEPENDABOT: "version: 2\n"}
    for path, content in mine.items():
        (locked / path).write_text(content)
    fates = run(*INIT, "--json").json["files"]
    assert {path: fates[path] for path in (*mine, github_actions.LOCK)} == dict.fromkeys(
        (*mine, github_actions.LOCK), "theirs"
    )
    assert all((locked / path).read_text() == content for path, content in mine.items())


def test_preview_shows_and_writes_nothing(run: Run, locked: Path) -> None:
    """It shows the files in full with what would happen to each; --json has them, too."""
    before = tree(locked)
    assert "--github-output" in run(*INIT, "--preview").out
    answer = run(*INIT, "--preview", "--json").json
    assert answer["files"][github_actions.WORKFLOW] == "new"
    assert answer["texts"][github_actions.WORKFLOW].startswith("---\nname: Fleet\n")
    assert tree(locked) == before


def test_a_folder_that_cannot_be_written_is_named(run: Run, locked: Path) -> None:
    """The error names it, and no partial file stays."""
    (locked / ".github" / "workflows").write_text("a file\n")
    assert "workflows" in run(*INIT, code=2).err
    assert not [path for path in locked.rglob(".*.*") if path.name.endswith(str(os.getpid()))]


def test_next_steps_name_what_github_needs(run: Run, locked: Path) -> None:
    """Both Apps with their permissions, both environments, each variable and secret that the workflow reads."""
    steps = run(*INIT).out.partition("Next:")[2]
    workflow = (locked / github_actions.WORKFLOW).read_text()
    wanted = set(re.findall(r"(?:vars|secrets)\.(\w+)", workflow)) - {"FLEET_WAVE", "FLEET_MODE"}
    assert wanted == {name for name in wanted if name in steps}
    assert all(text in steps for text in ("Contents", "Workflows", "Pull requests", "environment fleet-read"))


def test_the_start_of_a_fleet_is_what_its_reader_takes(run: Run, locked: Path) -> None:
    """It parses as it is, and with each example uncommented."""
    run(*INIT)
    start = (locked / "fleet.toml").read_text()
    assert tomllib.loads(start)["author"] == "Ada Ops <ada@example.org>"
    real = tomllib.loads(re.sub(r"(?m)^# (?=\[groups|owner =|sources =|canary =)", "", start))
    assert real["groups"]["payments"]["owner"] == "team-payments"
    assert real["waves"] == {"canary": ["payments", "github.com/ORG/sandbox"], "early": "10%"}
    assert real["limits"] == {"failed": 5, "conflicts": 20, "larger": 10}


# ---- the tool ---------------------------------------------------------------------------------------------------


def test_the_tool_is_locked_with_hashes(run: Run, work: Path, index: Path, tmp_path: Path) -> None:
    """The lock has this version from the index, for `pip install --require-hashes`."""
    package = wheel(index, "new_ops_project", "0.1.0", ["alpha>=1"])
    try:
        run(*INIT, "--tool", "new-ops-project==0.1.0")
        lock = (work / github_actions.LOCK).read_text()
    finally:
        package.unlink()
    assert lock.startswith("alpha==2.0 \\\n    --hash=sha256:")
    assert re.search(r"new-ops-project==0\.1\.0 \\\n    --hash=sha256:[0-9a-f]{64}\n", lock)
    assert (work / github_actions.REQUIREMENTS).read_text() == "new-ops-project==0.1.0\n"


def test_without_a_lock_the_first_step_is_to_make_one(run: Run, work: Path, index: Path) -> None:
    """If the index does not have the tool, everything else is written; the first step names what is missing."""
    ran = run(*INIT, "--tool", "new-ops-project==0.1.0")
    assert not (work / github_actions.LOCK).exists()
    assert (work / github_actions.WORKFLOW).exists()
    assert "The tool is not locked" in ran.out
    assert ran.out.partition("Next:\n")[2].startswith("  create the lock: uv pip compile")


@pytest.mark.parametrize(
    ("origin", "requirement", "notes"),
    [
        (
            {"url": "https://tok:en@git.example.org/x.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"git+https://git.example.org/x.git@{COMMIT}",
            False,
        ),
        ({}, "new-ops-project==0.1.0", False),
        ({"url": "file:///wheels/new_ops_project.whl", "archive_info": {}}, "new-ops-project==0.1.0", True),
        ({"url": "file:///x", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}, "new-ops-project==0.1.0", True),
    ],
)
def test_the_tool_is_taken_from_where_it_came(
    origin: dict[str, Any],
    requirement: str,
    *,
    notes: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From its git URL and commit, without credentials; otherwise by version, with a note if that may fail."""
    monkeypatch.setattr(installation, "origin", lambda: origin)
    monkeypatch.setattr(installation, "editable_checkout", lambda: None)
    installed = tool.installed_tool()
    assert (installed.requirement, bool(installed.note)) == (requirement, notes)


def test_a_tool_from_git_is_built_from_what_is_locked() -> None:
    """Its requirements and its build backend are locked; extras, which runners do not need, are not."""
    wanted = tool.parse_tool(URL).requirements
    assert {re.split(r"[<>=~! ]", line)[0] for line in wanted} >= {"click", "copier", "hatchling"}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["check"]
    assert extras
    assert not {*extras} & {*wanted}
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert [re.split("[<>=]", line)[0] for line in build] == [tool.BUILD]
