"""Every file of a project is in a commit, whatever the project is called and whatever git ignores."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import ROOT, Run, git, tree

# Names of folders that ignore files of people, of the world and of older templates hide.
HIDDEN = ("dist", "bin", "lib", "logs", "target", "vendor", "env", "Build Tools", "tmp", "wheels", "sdist", "parts")
EXCLUDES = "\n".join(["[Bb]uild*/", "build_tools", "*.py[cod]", *HIDDEN, "*.md", "tests", "src"])


def tracked(project: Path) -> set[str]:
    """The paths in the last commit."""
    return set(git("ls-tree", "-r", "--name-only", "-z", "HEAD", at=project).split("\0")) - {""}


def older(folder: Path) -> Path:
    """A template like ours in two versions, of which the first ignores every folder called dist or build."""
    shutil.copytree(ROOT / "templates", folder / "templates")
    shutil.copy2(ROOT / "copier.yml", folder)
    ignored = folder / "templates" / "project" / ".gitignore.jinja"
    now = ignored.read_text()
    git("init", "--quiet", at=folder)
    for tag, text in {"v1.0.0": now.replace("/build/\n/dist/\n", "build/\ndist/\n"), "v1.1.0": now}.items():
        ignored.write_text(text)
        git("add", "--all", at=folder)
        git("commit", "--quiet", "--message=x", at=folder)
        git("tag", tag, at=folder)
    assert git("diff", "--name-only", "v1.0.0", "v1.1.0", at=folder)
    return folder


@pytest.mark.parametrize("name", HIDDEN)
def test_a_name_that_others_ignore(run: Run, work: Path, home: Path, name: str) -> None:
    """In each tier everything that was rendered is committed, also against ignore files of the user."""
    (home / "excludes").write_text(EXCLUDES)
    (home / "template" / "info").mkdir(parents=True)
    (home / "template" / "info" / "exclude").write_text(EXCLUDES)
    git("config", "--global", "core.excludesFile", "~/excludes", at=work)
    git("config", "--global", "init.templateDir", "~/template", at=work)
    for tier in ("script", "library", "cli"):
        run("new", name, "--tier", tier, "--defaults", "--path", tier)
        assert tracked(work / tier) == {*tree(work / tier)}
        assert git("status", "--porcelain", "--ignored", at=work / tier) == ""


@pytest.mark.parametrize("tier", ["library", "cli"])
def test_a_promotion(run: Run, work: Path, tier: str) -> None:
    """A script of such a name becomes a package, all of which is committed."""
    run("new", "dist", "--defaults")
    (work / "dist" / "dist.py").write_text('"""Mine."""\n\nprint("mine")\n')
    git("commit", "--quiet", "--all", "--message=Mine", at=work / "dist")
    run("promote", tier, "dist", "--commit")
    assert {"src/dist/__init__.py", "src/dist/__main__.py", "src/dist/task.py"} <= tracked(work / "dist")
    assert tracked(work / "dist") == {*tree(work / "dist")}


PLACES = {".gitignore": "x\ndist/\n", ".git/info/exclude": "dist\n", "~/excludes": "/src/d*\n"}


@pytest.mark.parametrize("place", PLACES)
def test_a_promotion_that_would_lose_files(run: Run, work: Path, home: Path, place: str) -> None:
    """A rule that hides what `promote` adds is named with its place, and nothing is written."""
    run("new", "dist", "--defaults")
    project = work / "dist"
    git("config", "--global", "core.excludesFile", "~/excludes", at=work)
    file = home / "excludes" if place.startswith("~") else project / place
    file.parent.mkdir(exist_ok=True)
    file.write_text(PLACES[place])
    git("commit", "--quiet", "--all", "--allow-empty", "--message=Ignore", at=project)
    before = tree(project)
    message = run("promote", "dist", code=2).err
    rule = PLACES[place].splitlines()[-1]
    assert f"src/dist/__init__.py would be in no commit, because {place.replace('~', str(home))}:" in message
    assert f"({rule}) hides it.\nRemove that rule, or narrow it" in message
    assert run("promote", "dist", "--preview", code=2).err == message
    assert tree(project) == before
    assert git("status", "--porcelain", at=project) == ""
    file.write_text("")
    git("commit", "--quiet", "--all", "--allow-empty", "--message=Again", at=project)
    run("promote", "dist")


def test_a_template_that_hides_its_own_files(run: Run, work: Path, tmp_path: Path) -> None:
    """A release of ours with rules that hide a package refuses the name, and leaves nothing."""
    old = ("--defaults", "--template", str(older(tmp_path / "older")), "--ref", "v1.0.0")
    for tier in ("library", "cli"):
        message = run("new", "dist", "--tier", tier, *old, code=2).err
        assert (
            "src/dist/__init__.py would be in no commit, because the template's own .gitignore:8 (dist/) hides it."
            in message
        )
    assert not list(work.iterdir())
    run("new", "dist", *old)


MINE: dict[str, Callable[[str], str]] = {
    "below": lambda text: f"{text}\n# Mine.\n*.tmp\n",
    "beside": lambda text: text.replace("dist/\n", "dist/\n*.tmp\n/out/\n"),
    "between": lambda text: text.replace("dist/\n", "*.tmp\ndist/\n"),
    "above": lambda text: f"*.tmp\n{text}",
    "the same": lambda text: text.replace("build/\ndist/\n", "/build/\n/dist/\n*.tmp\n"),
    "CRLF": lambda text: f"{text}*.tmp\n".replace("\n", "\r\n"),
}


@pytest.mark.parametrize("place", MINE)
def test_an_older_project(run: Run, work: Path, tmp_path: Path, place: str) -> None:
    """It gets the rules with slashes, beside its own wherever they are, and can then be promoted."""
    run("new", "dist", "--defaults", "--template", str(older(tmp_path / "older")), "--ref", "v1.0.0")
    file = work / "dist" / ".gitignore"
    file.write_bytes(MINE[place](file.read_text()).encode())
    git("commit", "--quiet", "--all", "--message=Mine", at=work / "dist")
    run("update", "dist", "--commit")
    lines = file.read_text().splitlines()
    assert {"*.tmp", "/build/", "/dist/"} <= {*lines}
    assert not {"build/", "dist/"} & {*lines}
    run("promote", "dist", "--commit")
    assert tracked(work / "dist") == {*tree(work / "dist")}


def test_files_that_another_template_hides(run: Run, work: Path, tmp_path: Path) -> None:
    """A template of another kind may render an ignored file on purpose; it is there, uncommitted and named."""
    template = tmp_path / "foreign"
    template.mkdir()
    for name, text in {".gitignore": ".env\n", ".env": "TOKEN=\n", "a.txt": "a\n"}.items():
        (template / name).write_text(text)
    ran = run("new", "audit", "--template", str(template))
    assert "In no commit, since its own rules ignore them: .env." in ran.out
    assert tracked(work / "audit") == {".gitignore", "a.txt"}
    assert (work / "audit" / ".env").is_file()
