"""The rules about code find nothing in what we generate, in our test scripts and in ourselves."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, git
from test_product import Variant

from new_ops_project.checks import catalogue, engine, repo

VARIANTS = (
    Variant("script", "3.11", dependencies=("requests", "boto3")),
    Variant("library", "3.12", "aws-oidc", container=True, dependencies=("httpx", "structlog")),
    Variant("library", "3.13", "azure-oidc", updates="renovate", license="Apache-2.0"),
    Variant("cli", "3.14", "gcp-oidc", updates="none", license="Proprietary", dependencies=("click", "rich")),
    Variant("cli", "3.13", "aws-keys", container=True, dependencies=("pyyaml", "tenacity")),
)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda one: f"{one.tier}-{one.cloud}")
def test_nothing_is_found_in_what_we_generate(variant: Variant, tmp_path: Path) -> None:
    """Every rule of the family but the plugins of others, which have their own opinions."""
    folder = variant.generate(tmp_path / "project")
    git("init", "-q", at=folder)
    checked = engine.run(repo.read(folder), catalogue.selected(["code"], ["OPS590"]))
    assert (checked.findings, checked.skipped) == ((), ())
    if variant.tier == "script":
        command = [str(Path(sys.executable).with_name("repo-review")), "--select", "OPS", "--format", "json", "."]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        assert {check["result"] for name, check in json.loads(done.stdout)["checks"].items() if name >= "OPS5"} == {
            True
        }


def test_nothing_is_found_in_real_scripts() -> None:
    """13 scripts of many styles print their results, and nothing of it should be logged."""
    paths = [path for path in (ROOT / "tests" / "scripts").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    files = {path.relative_to(ROOT / "tests" / "scripts").as_posix(): path.read_text("utf-8") for path in paths}
    checked = engine.run(repo.of(files), catalogue.selected(["code"], ["OPS590"]))
    assert (checked.findings, checked.skipped) == ((), ())


def test_nothing_is_found_in_ourselves() -> None:
    """This repository keeps its own rules; most of its odd code is in tests."""
    checked = engine.run(repo.read(ROOT), catalogue.selected(["code"], ["OPS590"]))
    assert checked.findings == ()
