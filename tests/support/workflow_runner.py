"""A local runner for whole workflows: jobs in order, the matrix expanded, each job on a machine of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml
from support.github_expressions import Context, is_true, substitute, value


@dataclass(frozen=True)
class Settings:
    """The repository's settings; each of the `environments` has `vars` and `secrets` by name."""

    repository: Path
    python: Path
    """The folder with the `python` that setup-python puts on PATH."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    environments: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    """More environment variables of every machine."""
    owner: str = "ops"
    server: str = "https://github.com"


@dataclass
class Job:
    """A job that has run: `log` is the output of its steps, `result` as in needs.*.result."""

    name: str
    result: str = "success"
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    summary: str = ""


class Runner:
    """Runs a workflow's jobs; `jobs` has the runs of each key in the file, one for each value of its matrix."""

    def __init__(self, workflow: Path, settings: Settings, place: Path) -> None:
        self.content = yaml.safe_load(workflow.read_bytes())
        self.settings = settings
        self.place = place
        self.artifacts = place / "artifacts"
        self.jobs: dict[str, list[Job]] = {}

    def run(self, *only: str) -> None:
        """Run all jobs, or only some again, as 'Re-run job' does: the others keep their results."""
        for key, content in self.content["jobs"].items():
            if not only or key in only:
                self.jobs[key] = [self._job(key, content, matrix) for matrix in self._matrix(key, content)]

    def result(self, key: str) -> str:
        """The result as in needs.KEY.result; for a matrix, failure if one job failed."""
        results = {job.result for job in self.jobs[key]}
        return next(result for result in ("failure", "success", "skipped") if result in results)

    def _needs(self, content: Mapping[str, Any]) -> dict[str, Any]:
        wanted = content.get("needs", [])
        names = [wanted] if isinstance(wanted, str) else wanted
        return {name: {"result": self.result(name), "outputs": self.jobs[name][-1].outputs} for name in names}

    def _context(self, content: Mapping[str, Any]) -> Context:
        needs = self._needs(content)
        results = {need["result"] for need in needs.values()}
        status = next((result for result in ("failure", "skipped") if result in results), "success")
        environment = self.settings.environments.get(str(content.get("environment")), {})
        github = {"server_url": self.settings.server, "repository_owner": self.settings.owner}
        return Context(
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
        """The values for each job of the matrix; {} once for a job without a matrix."""
        context = self._context(content)
        if not is_true(content.get("if"), context):
            yield {}
            return
        given = content.get("strategy", {}).get("matrix", {})
        if not given:
            yield {}
            return
        ((name, wanted),) = given.items()
        values = value(wanted, context)
        assert values, f"{key}: GitHub refuses an empty matrix"
        yield from ({name: item} for item in values)

    def _job(self, key: str, content: Mapping[str, Any], matrix: dict[str, Any]) -> Job:
        context = self._context(content)
        job = Job("-".join((key, *map(str, matrix.values()))))
        if not is_true(content.get("if"), context):
            job.result = "skipped"
            return job
        machine = Machine(self, job, {**context.contexts, "matrix": matrix})
        for step in content["steps"]:
            machine.step(step)
        after = Context(machine.contexts, job.result)
        job.outputs = {name: substitute(text, after) for name, text in content.get("outputs", {}).items()}
        job.summary = machine.summary.read_text()
        return job


class Machine:
    """The machine of one job: an empty work folder, a home, files that steps write to."""

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
        """Run a step, if its condition is true."""
        context = Context(self.contexts, self.job.result)
        if not is_true(step.get("if"), context):
            return
        self.job.steps.append(step["name"])
        done, outputs = self._action(step, context) if "uses" in step else self._script(step, context)
        if "id" in step:
            self.contexts["steps"] = {**self.contexts["steps"], step["id"]: {"outputs": outputs}}
        if not done:
            self.job.result = "failure"

    def _script(self, step: Mapping[str, Any], context: Context) -> tuple[bool, dict[str, str]]:
        """Run a `run:` step as `shell: bash` does."""
        assert "${{" not in step["run"], f"{step['name']}: values go through env:"
        output, exported = self.root / "output", self.root / "env"
        output.write_text("")
        exported.write_text("")
        env = {name: str(substitute(str(text), context)) for name, text in step.get("env", {}).items()}
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
        self.job.log += f"# {step['name']} ({done.returncode})\n{done.stdout}"
        assert not exported.read_text(), "a step's values are outputs"
        pairs = (line.partition("=") for line in output.read_text().splitlines())
        return done.returncode == 0, {name: text for name, _, text in pairs}

    def _environment(self) -> dict[str, str]:
        """The environment of a fresh machine; only PATH comes from this one."""
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

    def _action(self, step: Mapping[str, Any], context: Context) -> tuple[bool, dict[str, str]]:
        inputs = {name: value(text, context) for name, text in step.get("with", {}).items()}
        given = {name: item for name, item in inputs.items() if item is not None}
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
        """Upload the content of a folder, or files themselves; an artifact can only be replaced as a whole."""
        listed = [self.work / line for line in given["path"].split()]
        paths = [path for path in listed if path.exists() and (path.is_file() or any(path.iterdir()))]
        target = self.runner.artifacts / given["name"]
        if not paths:
            return bool(given.get("if-no-files-found") != "error")
        assert given.get("overwrite") or not target.exists(), f"the artifact {given['name']} is there already"
        shutil.rmtree(target, ignore_errors=True)
        for path in paths:
            if path.is_dir():
                shutil.copytree(path, target, dirs_exist_ok=True)
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
        return True

    def _download(self, given: Mapping[str, Any]) -> bool:
        """Download by name or pattern; one artifact, or merged ones, get no folder of their own, as in version 8."""
        pattern, target = given.get("name") or given["pattern"], self.work / given.get("path", ".")
        artifacts = self.runner.artifacts
        matching = sorted(path for path in artifacts.glob("*") if fnmatch(path.name, pattern))
        for path in matching:
            is_flat = given.get("merge-multiple") or len(matching) == 1
            shutil.copytree(path, target if is_flat else target / path.name, dirs_exist_ok=True)
        return bool(matching) or "name" not in given
