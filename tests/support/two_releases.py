"""A checkout of this project with two releases of its template."""

from pathlib import Path

from support.command import ROOT, git

from new_ops_project.template import embedded


def published(tmp_path: Path) -> Path:
    """A bare repository `served/team.git` with the template at v1.0.0 and v1.1.0, which differ in one file."""
    checkout = tmp_path / "team"
    git("clone", "--quiet", str(pack_two(tmp_path)), str(checkout), at=tmp_path)
    bare = tmp_path / "served" / "team.git"
    git("clone", "--quiet", "--bare", str(checkout), str(bare), at=tmp_path)
    git("config", "http.receivepack", "true", at=bare)
    return bare


def pack_two(tmp_path: Path) -> Path:
    """A bundle of two versions, packed from a checkout with two tags."""
    checkout = two_tags(tmp_path / "source")
    bundle = tmp_path / "template.bundle"
    assert embedded.pack(checkout, "9.9.9", bundle) == ["v1.0.0", "v1.1.0"]
    return bundle


def two_tags(folder: Path) -> Path:
    """A checkout of the project with tags v1.0.0 and v1.1.0; the editorconfig is new in the second."""
    folder.mkdir()
    git("init", "--quiet", at=folder)
    git(
        f"--work-tree={ROOT}",
        "add",
        "copier.yml",
        "templates",
        "src",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "scripts",
        ".gitignore",
        at=folder,
    )
    git("commit", "--quiet", "--message=first", at=folder)
    git("checkout", "--force", "--quiet", "HEAD", at=folder)
    config = next((folder / "templates" / "project").glob(".editorconfig*"))
    kept = config.read_bytes()
    config.write_bytes(b"# the first\n" + kept)
    git("commit", "--quiet", "--all", "--message=v1.0.0", at=folder)
    git("tag", "v1.0.0", at=folder)
    config.write_bytes(kept)
    git("commit", "--quiet", "--all", "--message=v1.1.0", at=folder)
    git("tag", "--annotate", "--message=v1.1.0", "v1.1.0", at=folder)
    return folder
