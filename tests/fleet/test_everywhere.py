"""The written workflow with the real command, over repositories on loopback that want a token."""

import base64
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.command import ROOT, Run, git
from support.fleet_actions import PROGRAMS, Forge, apps, made_keys, settings, written
from support.fleets import bare, served, template
from support.history import Files
from support.servers import Busy, git_http
from support.small import CLASH, MINE
from support.workflow_runner import Runner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason=f"the steps need {', '.join(PROGRAMS)}"),
]

COMMAND = f"env PYTHONPATH={ROOT / 'src'} {sys.executable} -m new_ops_project"
EDITS: Mapping[str, Files] = {
    "one": {"task.py": MINE},
    "two": {"mine.txt": "Mine.\n"},
    "three": {"task.py": CLASH},
    "four": {"old.md": "Mine.\n"},
    "five": {"lib/x.py": "print()\n"},
    "six": {"README.md": "# Six\n"},
}

CONFLICTS = ("three", "four")  # the line that the template changes; a file that it drops


class Rights(Busy):
    """Reads are for tokens of both Apps, pushes for those that may write contents."""

    def refusal(self, path: str, query: str, authorization: str) -> tuple[int, dict[str, str]] | None:
        """Status and headers of a request that is not let in."""
        account = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if not account.startswith("x-access-token:"):
            return 401, {"WWW-Authenticate": 'Basic realm="ops"'}
        if "git-receive-pack" in path + query and "contents=write" not in account:
            return 403, {}
        self.seen.append(account.split(":")[1])
        return None


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """See apps."""
    (tmp_path / "keys").mkdir()
    with apps(made_keys(tmp_path / "keys"), tmp_path) as github:
        yield github


def test_the_workflow_takes_a_fleet_to_the_new_version(run: Run, work: Path, forge: Forge, tmp_path: Path) -> None:
    """Every repository without a conflict gets a branch with the new version; nobody loses a line."""
    root = tmp_path / "served"
    rights = Rights()
    with git_http(root, busy=rights) as url:
        template(root / "template.git")
        served(root / "template.git" / ".git")
        for name, mine in EDITS.items():
            bare(root / f"{name}.git", f"{url}/template.git", mine)
        central = written(run, work, "--shards", "3")
        (central / "fleet.toml").write_text(
            f'author = "Fleet <fleet@example.org>"\nsources = {json.dumps([f"{url}/{name}.git" for name in EDITS])}\n'
            "[limits]\nconflicts = 50\n"
        )
        runner_settings = settings(central, COMMAND, forge, server=url, inputs={"wave": "all", "mode": "push"})
        runner = Runner(central / ".github/workflows/fleet.yml", runner_settings, work / "ran")
        runner.run()
    logs = "\n".join(job.log for jobs in runner.jobs.values() for job in jobs)
    assert {key: runner.result(key) for key in runner.jobs} == dict.fromkeys(runner.jobs, "success"), logs
    assert len(runner.jobs["update"]) == 3
    assert {"reader", "writer"} <= set(rights.seen)
    for name, mine in EDITS.items():
        check(root / f"{name}.git", mine, is_delivered=name not in CONFLICTS)
    assert all(name in runner.jobs["report"][0].summary for name in CONFLICTS)


def check(repository: Path, mine: Files, *, is_delivered: bool) -> None:
    """The branch is there, has the new version and what its people wrote; their own branch is as it was."""
    branches = git("for-each-ref", "--format=%(refname:short)", "refs/heads", at=repository).split()
    assert ("template/v1.1.0" in branches) == is_delivered, (repository.name, branches)
    assert git("log", "-1", "--format=%s", "trunk", at=repository) == "Edit"
    if is_delivered:
        assert "_commit: v1.1.0" in git("show", "template/v1.1.0:.copier-answers.yml", at=repository)
        for path, content in mine.items():
            new = git("show", f"template/v1.1.0:{path}", at=repository)
            assert set(str(content).splitlines()) - {"line 18"} <= set(new.splitlines()), (repository.name, path)
