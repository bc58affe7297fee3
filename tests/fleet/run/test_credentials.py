"""Templates behind passwords that projects record: a fleet uses them, and neither shows nor stores them."""

import json
from pathlib import Path

import pytest
from support import fleets
from support.command import Run, git
from support.servers import Busy, git_http, silent
from support.small import ANSWERS, CLASH, NEWER

from new_ops_project.git import remotes

ACCOUNTS = {"one": "ada:hunter2-of-ada", "two": "bob:hunter2-of-bob"}


def address(url: str, account: str) -> str:
    """The address of the template with an account in it."""
    return url.replace("://", f"://{account}@") + "/template/.git"


def texts(folder: Path) -> str:
    """The text of every file below a folder."""
    return "".join(path.read_bytes().decode(errors="replace") for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("by", ["clones", "addresses"])
def test_a_plan_and_its_run(run: Run, work: Path, tmp_path: Path, shared: Path, by: str) -> None:
    """The plan holds no password and its run, elsewhere and later, finds it in the projects, each its own."""
    fleets.template(tmp_path / "template")
    (tmp_path / "served").mkdir()
    busy = Busy()
    with git_http(tmp_path, busy=busy) as url:
        for name, account in ACCOUNTS.items():
            if by == "clones":
                fleets.clone(tmp_path / "clones" / name, address(url, account))
            else:
                fleets.bare(tmp_path / "served" / name, address(url, account))
        places = [str(tmp_path / "clones")] if by == "clones" else [f"{url}/served/{name}" for name in ACCOUNTS]
        busy.account = ""  # the repositories are open; the template is asked for with the account below
        planned = run("fleet", "plan", *places, "--out", "plan.json")
        assert all(task["has_credentials"] for task in json.loads(Path("plan.json").read_text())["tasks"])
        ran = run("fleet", "update", "--plan", "plan.json", "--out", "out")
        results = fleets.results(work / "out")
        for name, account in ACCOUNTS.items():
            repository = tmp_path / ("clones" if by == "clones" else "served") / name
            copy = fleets.unbundled(work / "out", results[name], repository, work / f"copy-{name}")
            assert fleets.files_of(copy, "template")["task.py"] == NEWER.encode()
            assert address(url, account) in fleets.files_of(copy, "template")[ANSWERS].decode()
            assert "hunter2" not in git("log", "--format=%B%an%cn", "template", at=copy)
        report = run("fleet", "report", "out", "--html", "page.html", "--csv", "sheet.csv", "--markdown", "page.md")
    printed = "".join(each.out + each.err for each in (planned, ran, report))
    stored = texts(work / "out") + "".join(path.read_text() for path in work.iterdir() if path.is_file())
    assert "hunter2" not in printed + stored + texts(shared / "cache" / "new-ops-project" / "mirrors")


def test_a_template_that_needs_it(run: Run, work: Path, tmp_path: Path) -> None:
    """A run of a plan gets into the template although the plan has no password."""
    fleets.template(tmp_path / "template")
    with git_http(tmp_path, busy=Busy(account=ACCOUNTS["one"])) as url:
        clone = fleets.clone(tmp_path / "one", address(url, ACCOUNTS["one"]), {"task.py": CLASH})
        run("fleet", "plan", str(clone), "--out", "plan.json")
        run("fleet", "update", "--plan", "plan.json", "--out", "out", code=3)
        assert "hunter2" not in texts(work)
        run("fleet", "retry", "out", "--only", "conflict", "--out", "again.json")
        assert [task["version"] for task in json.loads(Path("again.json").read_text())["tasks"]] == ["v1.1.0"]
        rows = run("fleet", "status", str(clone), "--drift", "--json", code=1).json["repositories"]
        assert [(row["state"], row["drift"]) for row in rows] == [("behind", [{"path": "task.py", "what": "edited"}])]


def test_a_silent_template_is_one_row(run: Run, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other projects of the fleet go on."""
    monkeypatch.setattr(remotes, "ANSWER", 0.5)
    template = fleets.template(tmp_path / "template")
    fleets.clone(work / "fleet" / "good", template)
    with silent("git") as url:
        fleets.clone(work / "fleet" / "mute", f"{url}/template.git")
        rows = {
            Path(row["name"]).name: row
            for row in run("fleet", "status", "fleet", "--json", code=2).json["repositories"]
        }
        assert (rows["good"]["state"], rows["mute"]["state"]) == ("behind", "failed")
        assert f"{url}/template.git cannot be reached: no answer within 0.5 seconds." in rows["mute"]["reason"]
        run("fleet", "update", "fleet", "--out", "out", code=2)
        assert {name: result["state"] for name, result in fleets.results(work / "out").items()} == {"good": "updated"}


def test_a_repository_that_is_refused_is_a_row(run: Run, work: Path, tmp_path: Path) -> None:
    """A clone whose origin is of another protocol does not stop the others."""
    template = fleets.template(tmp_path / "template")
    for name in ("good", "odd"):
        fleets.clone(work / "fleet" / name, template)
    git("remote", "add", "origin", f"ext::touch {work / 'mark'}", at=work / "fleet" / "odd")
    rows = run("fleet", "status", "fleet", "--json", code=2).json["repositories"]
    assert sorted(row["state"] for row in rows) == ["behind", "failed"]
    assert not (work / "mark").exists()
