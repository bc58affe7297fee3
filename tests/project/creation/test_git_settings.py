"""A new project begins as git will be at its place, whatever a person has configured."""

from pathlib import Path

import pytest
import yaml
from support.command import Run, git

# Conditions of `includeIf` for a project `work/Client A/audit`, as people write them; {work} is the folder.
CONDITIONS = {
    "a folder": ("gitdir:{work}/", True),
    "a folder of home": ("gitdir:~/../work/", False),  # git does not resolve the dots either
    "the project itself": ("gitdir:{work}/Client A/audit/", True),
    "its repository": ("gitdir:{work}/Client A/audit/.git", True),
    "another project": ("gitdir:{work}/Client A/audi", False),
    "a folder without a slash": ("gitdir:{work}/Client A", False),
    "a name anywhere": ("gitdir:audit/", True),
    "two names anywhere": ("gitdir:Client?A/au*/.git", True),
    "a star for a folder": ("gitdir:{work}/*/", True),
    "a star does not cross a slash": ("gitdir:{work}/*/.git", False),
    "two stars do": ("gitdir:{work}/**/.git", True),
    "two stars in a name do not": ("gitdir:{work}/C**/.git", False),
    "a set": ("gitdir:{work}/[A-D]lient*/", True),
    "a negated set": ("gitdir:{work}/[!A-D]lient*/", False),
    "an escape": ("gitdir:{work}/Client\\ A/", True),
    "other case": ("gitdir:{work}/client a/", False),
    "whatever case": ("gitdir/i:{work}/client a/", True),
    "beside the settings": ("gitdir:./", False),
    "a branch": ("onbranch:trunk", True),
    "branches": ("onbranch:tr*", True),
    "another branch": ("onbranch:main", False),
    "branches below": ("onbranch:feature/", False),
    "a remote": ("hasconfig:remote.*.url:https://**", False),
}


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS.values(), ids=CONDITIONS)
@pytest.mark.parametrize("preview", [False, True])
def test_the_author_is_the_one_who_commits(
    run: Run, work: Path, home: Path, condition: str, *, holds: bool, preview: bool
) -> None:
    """The author in the files, of the first commit, and of the next one are the same, by each kind of condition."""
    (work / "Client A").mkdir()
    (home / "client").write_text("[user]\n\tname = Client\n\temail = ada@client.example\n")
    git("config", "--global", f"includeIf.{condition.format(work=work)}.path", "client", at=work)
    name = "Client" if holds else "Ada Ops"
    project = work / "Client A" / "audit"
    options = ("new", "audit", "--defaults", "--path", str(project))
    if preview:
        files = {file["path"]: file for file in run(*options, "--preview", "--json").json["files"]}
        assert f"author_name: {name}\n" in files[".copier-answers.yml"]["text"]
        return
    run(*options)
    assert yaml.safe_load((project / ".copier-answers.yml").read_text())["author_name"] == name
    assert git("log", "--format=%an", at=project) == name
    assert git("var", "GIT_AUTHOR_IDENT", at=project).startswith(f"{name} <")


def test_what_is_included_may_include(run: Run, work: Path, home: Path) -> None:
    """An included file can have conditions of its own, and values are what git says: the last one counts."""
    (home / "all").write_text('[includeIf "gitdir:audit/"]\n\tpath = rest/one\n')
    (home / "rest").mkdir()
    (home / "rest" / "one").write_text("[author]\n\tname = Author\n[user]\n\tname = Nobody\n")
    git("config", "--global", f"includeIf.gitdir:{work}/.path", "~/all", at=work)
    run("new", "audit", "--defaults")
    assert 'name = "Author"' in (work / "audit" / "pyproject.toml").read_text()
    assert git("log", "--format=%an/%cn", at=work / "audit") == "Author/Nobody"


def test_what_contradicts_itself_ends(run: Run, work: Path, home: Path) -> None:
    """A file that is included for a branch and sets another one is read once; one that is gone is not missed."""
    (home / "other").write_text("[init]\n\tdefaultBranch = other\n[user]\n\tname = Other\n")
    git("config", "--global", "includeIf.onbranch:trunk.path", "~/other", at=work)
    git("config", "--global", "includeIf.gitdir:audit/.path", "~/gone", at=work)
    run("new", "audit", "--defaults")
    assert git("branch", "--show-current", at=work / "audit") == "other"


def test_a_repository_around_has_no_say(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither has the repository of the current folder; the environment has, as it has for the commit."""
    git("init", "--quiet", at=work)
    git("config", "user.name", "Outside", at=work)
    run("new", "audit", "--defaults")
    assert git("log", "--format=%an", at=work / "audit") == "Ada Ops"
    assert 'name = "Ada Ops"' in (work / "audit" / "pyproject.toml").read_text()
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    run("new", "second", "--defaults")
    assert git("log", "--format=%an/%cn", at=work / "second") == "Somebody/Ada Ops"
    assert 'name = "Somebody"' in (work / "second" / "pyproject.toml").read_text()


def test_a_signature_for_that_place(run: Run, work: Path, home: Path) -> None:
    """What is configured for the destination is heeded when the first commit is signed, or cannot be."""
    (home / "client").write_text("[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = false\n")
    git("config", "--global", "includeIf.gitdir:audit/.path", "client", at=work)
    assert "could not sign" in run("new", "audit", "--defaults").out
    assert "Committed" in run("new", "other", "--defaults").out


SETTINGS = {
    "refused conversions": {"core.safecrlf": "true", "core.autocrlf": "true"},
    "refused conversions on input": {"core.safecrlf": "true", "core.autocrlf": "input"},
    "line ends of Windows": {"core.eol": "crlf", "core.autocrlf": "true"},
    "attributes of the user": {"core.safecrlf": "true", "core.attributesFile": "~/attributes"},
    "hooks": {"core.hooksPath": "~/hooks"},
    "a template of git's": {"init.templateDir": "~/template"},
}


@pytest.mark.parametrize("kind", SETTINGS)
@pytest.mark.parametrize("from_env", [False, True])
def test_settings_that_refuse(
    run: Run, work: Path, home: Path, monkeypatch: pytest.MonkeyPatch, *, kind: str, from_env: bool
) -> None:
    """Line ends that git refuses to convert, and hooks that fail, stop neither the creation nor what comes later."""
    (home / "attributes").write_text("* text=auto eol=crlf\n")
    for folder in (home / "hooks", home / "template" / "hooks"):
        folder.mkdir(parents=True)
        for hook in ("pre-commit", "commit-msg", "post-index-change", "reference-transaction", "post-checkout"):
            (folder / hook).write_text("#!/bin/sh\necho ran >> ~/ran\nexit 1\n")
            (folder / hook).chmod(0o755)
    for name, value in SETTINGS[kind].items():
        git("config", "--global", name, value, at=work)
    monkeypatch.delenv("GIT_TEMPLATE_DIR")
    if from_env:
        monkeypatch.setenv("GIT_TEMPLATE_DIR", str(home / "template"))
    run("new", "rotate-keys", "--defaults")
    project = work / "rotate-keys"
    clean = ("-c", "core.hooksPath=/dev/null", "status", "--porcelain")
    assert git(*clean, at=project) == ""
    assert git("rev-list", "--count", "HEAD", at=project) == "1"
    assert not (project / ".git" / "hooks").exists()
    run("check", "rotate-keys")
    run("update", "rotate-keys", "--set", "description=Other words.")
    assert "Other words." in git("diff", "--cached", at=project)
    run("update", "rotate-keys", "--abort")
    assert git(*clean, at=project) == ""
    run("promote", "rotate-keys")
    assert "src/rotate_keys/__init__.py" in git("ls-files", at=project)
    run("promote", "rotate-keys", "--abort")
    assert git(*clean, at=project) == ""
    (project / ".gitignore").write_text("*.log\n")
    git(
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.safecrlf=false",
        "commit",
        "--quiet",
        "--all",
        "-m",
        "x",
        at=project,
    )
    run("check", "rotate-keys", "--fix", "--select", "OPS201")
    assert ".venv/" in git("diff", "--cached", at=project)
    assert not (home / "ran").exists()
