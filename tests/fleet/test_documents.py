"""The examples of docs/fleet-engines.md."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from support.command import ROOT
from support.linting import run_linter

from new_ops_project.commands.fleet import command
from new_ops_project.fleet.engines import github_actions

DOCUMENT = (ROOT / "docs" / "fleet-engines.md").read_text("utf-8")


def documented() -> list[str]:
    """The YAML of the documentation: GitLab's, then Kubernetes'."""
    return [part.partition("```")[0] for part in DOCUMENT.split("```yaml\n")[1:]]


def test_gitlab_takes_the_pipeline_of_the_documentation(work: Path) -> None:
    """It is valid, names one number of shards, and only its publish job has tokens that can write."""
    (work / ".gitlab-ci.yml").write_text(documented()[0])
    run_linter("check-jsonschema", "--builtin-schema=vendor.gitlab-ci", ".gitlab-ci.yml", cwd=work)
    pipeline = yaml.safe_load(documented()[0])
    assert f"--shards {pipeline['update']['parallel']} " in pipeline["plan"]["script"][0]
    named = {name: job["environment"]["name"] for name, job in pipeline.items() if "environment" in job}
    assert named == {"plan": "fleet-read", "update": "fleet-read", "publish": "fleet"}


def test_kubernetes_jobs_of_the_documentation_are_hardened() -> None:
    """One volume, three Jobs; the one that runs template code is indexed and never sees the secret that writes."""
    items = yaml.safe_load(documented()[1])["items"]
    jobs = {item["metadata"]["name"]: item["spec"] for item in items if item["kind"] == "Job"}
    pods = {name: spec["template"]["spec"] for name, spec in jobs.items()}
    update = jobs["fleet-update"]
    assert (update["completionMode"], update["completions"]) == ("Indexed", 20)
    assert {"name": "SHARDS", "value": str(update["completions"])} in pods["fleet-update"]["containers"][0]["env"]
    assert [name for name, pod in pods.items() if "fleet-write" in json.dumps(pod)] == ["fleet-publish"]
    for pod in pods.values():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert re.search("@sha256:[0-9a-f]{64}$", container["image"])


def called() -> Iterator[tuple[str, str]]:
    """Each `fleet VERB` with its options, in the documentation and in the files that `fleet init` writes."""
    folder = Path(github_actions.__file__).parent
    texts = [DOCUMENT, *(path.read_text("utf-8") for path in sorted(folder.iterdir()) if path.is_file())]
    for each in texts:
        joined = re.sub(r"\\\n *", "", each)
        joined = re.sub(r"(new-ops-project fleet .+)\n +(--shard )", r"\1 \2", joined)  # folded by YAML
        for match in re.finditer(r"(?:new-ops-project |`)fleet ([a-z]+)([^\n`|]*)", joined):
            yield match[1], match[2]


@pytest.mark.parametrize("verb", ["status", "plan", "update", "publish", "report", "init"])
def test_every_option_that_is_written_down_exists(verb: str) -> None:
    """Every option in the documentation and in the written files exists."""
    subcommand = command.get_command(click.Context(command), verb)
    assert subcommand
    options = {name for option in subcommand.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    pattern = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
    used = {option for name, rest in called() if name == verb for option in pattern.findall(rest)}
    if verb == "publish":  # the workflow's are in an array
        workflow = Path(github_actions.__file__).parent / "fleet.yml.jinja"
        line = next(line for line in workflow.read_text("utf-8").splitlines() if "options=(" in line)
        used |= set(re.findall(r"--[a-z][a-z-]*", line)) | {"--in", "--deliver-conflicts"}
    assert [name for name, _ in called() if name == verb]
    assert used <= options
