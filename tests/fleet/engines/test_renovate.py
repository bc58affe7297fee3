"""The engine `renovate`: its settings, the repositories that Renovate can update."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.command import Run
from support.linting import run_linter

from new_ops_project.fleet.engines.renovate import readiness


def test_renovate_knows_every_setting(run: Run, work: Path) -> None:
    """The file is valid, and Renovate ignores no key in it."""
    run("fleet", "init", "--engine", "renovate")
    run_linter("check-jsonschema", "--builtin-schema=vendor.renovate", "renovate.json", cwd=work)
    package = find_spec("check_jsonschema")
    assert package
    place = Path(str(package.origin)).parent / "builtin_schemas" / "vendor" / "renovate.json"
    schema = json.loads(place.read_text("utf-8"))
    written = json.loads((work / "renovate.json").read_text())
    assert written.keys() - {"$schema"} <= schema["properties"].keys()
    assert all(rule.keys() <= schema["definitions"].keys() for rule in written["packageRules"])
    assert written["enabledManagers"] == ["copier"]


@pytest.mark.parametrize("options", [("--shards", "2"), ("--tool", "new-ops-project==0.1.0")])
def test_renovate_takes_no_options_of_the_other(options: tuple[str, ...], run: Run, work: Path) -> None:
    """An option that would do nothing is refused."""
    assert f"Renovate takes no {options[0]}." in run("fleet", "init", "--engine", "renovate", *options, code=2).err


@pytest.mark.parametrize("version", ["v1.2.0", "1.2", "v2.0.0rc1", "2026.11.25"])
@pytest.mark.parametrize(
    "template",
    [
        "https://github.com/org/template",
        "https://user:token@git.example.org/org/template.git",
        "git+https://git.example.org/org/template",
        "ssh://git@git.example.org:2222/org/template.git",
        "git+ssh://git@git.example.org/org/template.git",
        "git@github.com:org/template.git",
        "someuser@git.example.org:org/template",
    ],
)
def test_renovate_can_serve(template: str, version: str) -> None:
    """It needs a full URL and a PEP 440 tag, and nothing else."""
    assert readiness(template, version) == ""


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("", "does not name a template"),
        ("gh:org/template", "gh:org/template is copier's short form"),
        ("gl:org/template", "short form"),
        ("/srv/templates/ops", "/srv/templates/ops is not one"),
        ("~/templates/ops", "is not one"),
        ("../template", "is not one"),
        ("C:\\templates\\ops", "is not one"),
        ("git+file:///srv/template", "is not one"),
        ("file:///srv/template", "is not one"),
        ("git://git.example.org/x.git", "is not one"),
        ("https://", "is not one"),
        ("https://[", "is not one"),
        ("~/.local/share/new-ops-project/template", "is embedded in the tool"),
        ("https://x:secret@/x", "is not one"),
    ],
)
def test_renovate_cannot_serve_the_template(template: str, why: str) -> None:
    """The reason has the value, and no credentials."""
    assert why in readiness(template, "v1.0.0")
    assert "secret" not in readiness(template, "v1.0.0")


@pytest.mark.parametrize("version", ["", "v1.2.0-3-gabc1234", "main", "deadbee", "release-1"])
def test_renovate_cannot_serve_the_version(version: str) -> None:
    """A commit, a branch or a description between two tags is not a version."""
    assert readiness("https://github.com/org/template", version)
