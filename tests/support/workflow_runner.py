"""A whole workflow, executed as GitHub does: jobs in order, the matrix expanded, each job on a machine of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml
from support.github_expressions import Known, filled, holds, value


@dataclass(frozen=True)
class Settings:
    """What the repository is told: `environments` have `vars` and `secrets` by their names."""

    repository: Path
    python: Path
    """a folder with the `python` that setup-python puts on PATH"""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    environments: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    """what every machine has besides"""
    owner: str = "ops"
    server: str = "https://github.com"


@dataclass
class Job:
    """One job as it ran: `said` is what its steps printed, `result` as in needs.*.result."""

    name: str
    result: str = "success"
    said: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    summary: str = ""


class Runner:
    """Runs a workflow's jobs; `jobs` has how each went, under its key in the file, one for each of a matrix."""

    def __init__(self, workflow: Path, settings: Settings, place: Path) -> None:
        self.content = yaml.safe_load(workflow.read_bytes())
        self.settings = settings
        self.place = place
        self.artifacts = place / "artifacts"
        self.jobs: dict[str, list[Job]] = {}

    def run(self, *only: str) -> None:
        """Run all jobs, or some of them again, as `re-run job` does: the others are as they were."""
        for key, content in self.content["jobs"].items():
            if not only or key in only:
                self.jobs[key] = [self._job(key, content, matrix) for matrix in self._matrix(key, content)]

    def result(self, key: str) -> str:
        """As in needs.KEY.result: of a matrix, failure if one failed."""
        found = {job.result for job in self.jobs[key]}
        return next(one for one in ("failure", "success", "skipped") if one in found)

    def _needs(self, content: Mapping[str, Any]) -> dict[str, Any]:
        wanted = content.get("needs", [])
        names = [wanted] if isinstance(wanted, str) else wanted
        return {name: {"result": self.result(name), "outputs": self.jobs[name][-1].outputs} for name in names}

    def _known(self, content: Mapping[str, Any]) -> Known:
        needs = self._needs(content)
        results = {one["result"] for one in needs.values()}
        status = next((one for one in ("failure", "skipped") if one in results), "success")
        environment = self.settings.environments.get(str(content.get("environment")), {})
        github = {"server_url": self.settings.server, "repository_owner": self.settings.owner}
        return Known(
            {
                "needs": needs,
                "inputs": self.settings.inputs,
                "vars": environment.get("vars", {}),
                "secrets": environment.get("secrets", {}),
                "github": github,
                "matrix": {},
                "steps": {},
            },
            status,
        )

    def _matrix(self, key: str, content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The values of each job of the matrix; one without values for a job without one."""
        known = self._known(content)
        if not holds(content.get("if"), known):
            yield {}
            return
        given = content.get("strategy", {}).get("matrix", {})
        if not given:
            yield {}
            return
        ((name, wanted),) = given.items()
        values = value(wanted, known)
        assert values, f"{key}: GitHub takes no empty matrix"
        yield from ({name: one} for one in values)

    def _job(self, key: str, content: Mapping[str, Any], matrix: dict[str, Any]) -> Job:
        known = self._known(content)
        job = Job("-".join((key, *map(str, matrix.values()))))
        if not holds(content.get("if"), known):
            job.result = "skipped"
            return job
        machine = Machine(self, job, {**known.contexts, "matrix": matrix})
        for step in content["steps"]:
            machine.step(step)
        after = Known(machine.contexts, job.result)
        job.outputs = {name: filled(text, after) for name, text in content.get("outputs", {}).items()}
        job.summary = machine.summary.read_text()
        return job


class Machine:
    """The machine of one job: an empty folder to work in, a home, and files that steps write to."""

    def __init__(self, runner: Runner, job: Job, contexts: dict[str, Any]) -> None:
        self.runner, self.job = runner, job
        self.contexts = {**contexts, "steps": {}}
        self.root = runner.place / job.name
        shutil.rmtree(self.root, ignore_errors=True)
        self.work, self.summary = self.root / "work", self.root / "summary"
        for folder in (self.work, self.root / "home", self.root / "temp"):
            folder.mkdir(parents=True)
        self.summary.touch()
        self.paths: list[str] = []

    def step(self, step: Mapping[str, Any]) -> None:
        """Run a step, if its condition holds."""
        known = Known(self.contexts, self.job.result)
        if not holds(step.get("if"), known):
            return
        self.job.steps.append(step["name"])
        done, outputs = self._action(step, known) if "uses" in step else self._script(step, known)
        if "id" in step:
            self.contexts["steps"] = {**self.contexts["steps"], step["id"]: {"outputs": outputs}}
        if not done:
            self.job.result = "failure"

    def _script(self, step: Mapping[str, Any], known: Known) -> tuple[bool, dict[str, str]]:
        """A `run:` step, with the shell that `shell: bash` is."""
        assert "${{" not in step["run"], f"{step['name']}: values go through env:"
        output, exported = self.root / "output", self.root / "env"
        output.write_text("")
        exported.write_text("")
        env = {name: str(filled(str(text), known)) for name, text in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.work,
            env=self._environment() | {"GITHUB_OUTPUT": str(output), "GITHUB_ENV": str(exported)} | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.job.said += f"# {step['name']} ({done.returncode})\n{done.stdout}"
        assert not exported.read_text(), "a step's values are outputs"
        pairs = (line.partition("=") for line in output.read_text().splitlines())
        return done.returncode == 0, {name: text for name, _, text in pairs}

    def _environment(self) -> dict[str, str]:
        """What a fresh machine has; nothing of the one that this runs on, but where its programs are."""
        path = os.pathsep.join((*reversed(self.paths), os.environ["PATH"]))
        return {
            "PATH": path,
            "HOME": str(self.root / "home"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "LANG": "C.UTF-8",
            "RUNNER_TEMP": str(self.root / "temp"),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            **self.runner.settings.env,
        }

    def _action(self, step: Mapping[str, Any], known: Known) -> tuple[bool, dict[str, str]]:
        given = {
            name: shown for name, text in step.get("with", {}).items() if (shown := value(text, known)) is not None
        }
        name = step["uses"].partition("@")[0]
        actions = {
            "actions/checkout": self._checkout,
            "actions/setup-python": self._python,
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
        }
        return actions[name](given), {}

    def _checkout(self, given: Mapping[str, Any]) -> bool:
        assert given["persist-credentials"] is False
        shutil.copytree(self.runner.settings.repository, self.work, dirs_exist_ok=True)
        return True

    def _python(self, given: Mapping[str, Any]) -> bool:
        assert isinstance(given["python-version"], str)
        self.paths.append(str(self.runner.settings.python))
        return True

    def _upload(self, given: Mapping[str, Any]) -> bool:
        """Of one folder its content, of files themselves; artifacts are never added to."""
        named = [self.work / line for line in given["path"].split()]
        found = [path for path in named if path.exists() and (path.is_file() or any(path.iterdir()))]
        target = self.runner.artifacts / given["name"]
        if not found:
            return bool(given.get("if-no-files-found") != "error")
        assert given.get("overwrite") or not target.exists(), f"the artifact {given['name']} is there already"
        shutil.rmtree(target, ignore_errors=True)
        for path in found:
            if path.is_dir():
                shutil.copytree(path, target, dirs_exist_ok=True)
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
        return True

    def _download(self, given: Mapping[str, Any]) -> bool:
        """By name or pattern; a single one, or merged, without a folder of its name, as version 8 does."""
        pattern, target = given.get("name") or given["pattern"], self.work / given.get("path", ".")
        artifacts = self.runner.artifacts
        found = sorted(path for path in artifacts.glob("*") if fnmatch(path.name, pattern))
        for path in found:
            is_flat = given.get("merge-multiple") or len(found) == 1
            shutil.copytree(path, target if is_flat else target / path.name, dirs_exist_ok=True)
        return bool(found) or "name" not in given
