"""A user's edits, moves, deletions or modes in an update of a foreign template's project."""

from pathlib import Path

import pytest
from support.command import Run, git
from support.foreign_templates import DOCS, MODULE, ROLE, Foreign, Start, edit, options, saved, snapshot, state


def test_an_edit_follows_a_rename(start: Start, run: Run) -> None:
    """Lines added to files that newer versions call something else are in the renamed files, with their changes."""
    project = start(ROLE)
    edit(
        project / "tasks" / "install.yml",
        "- name: Install what",
        "- name: Ours\n  ansible.builtin.meta: noop\n\n- name: Install what",
    )
    saved(project)
    run("update", str(project / ROLE.file))
    text = (project / "tasks" / "packages.yml").read_text()
    assert "- name: Ours\n" in text
    assert 'when: ansible_facts.pkg_mgr == "apt"' in text
    assert not (project / "tasks" / "install.yml").exists()


def test_an_edit_follows_a_rename_of_unusual_letters(start: Start, run: Run) -> None:
    """The same for a name that is not ASCII, over three versions at once."""
    project = start(DOCS)
    edit(project / "docs" / "überblick.md", "Describe it here.", "It books what was paid: größer, 日本.")
    saved(project)
    run("update", str(project), *options(DOCS, "v2.0.0"))
    text = (project / "docs" / "overview.md").read_text(encoding="utf-8")
    assert "It books what was paid: größer, 日本." in text
    assert "Service level: gold" in text
    assert not (project / "docs" / "überblick.md").exists()


def test_changes_reach_a_moved_file(start: Start, run: Run) -> None:
    """A file that the user moved and edited gets the template's changes where it is now."""
    project = start(DOCS)
    git("mv", "docs/runbook/ledger.md", "docs/at night.md", at=project)
    edit(project / "docs" / "at night.md", "# Ledger", "Read this first.\n\n# Ledger")
    saved(project)
    run("update", str(project), "--to", "v1.1.0")
    text = (project / "docs" / "at night.md").read_text()
    assert text.startswith("Read this first.\n")
    assert "2. Look at the logs.\n" in text
    assert not (project / "docs" / "runbook" / "ledger.md").exists()


def test_deleted_stays_deleted(start: Start, run: Run) -> None:
    """Files that the user deleted do not come back, whether the template changed them or not."""
    project = start(DOCS)
    gone = ["bin/serve.cmd", "docs/runbook/ledger.md"]
    git("rm", "--quiet", *gone, at=project)
    saved(project)
    run("update", str(project), "--to", "v1.1.0")
    assert not [path for path in gone if (project / path).exists()]
    assert (project / "bin" / "serve").read_text().endswith('"$@"\n')


def test_line_ends_stay(start: Start, run: Run) -> None:
    """A CRLF file stays one, with the user's line and the template's; a file without final newline too."""
    project = start(DOCS)
    edit(project / "bin" / "serve.cmd", "rem Serve", "rem Ours\r\nrem Serve")
    saved(project)
    run("update", str(project), "--to", "v1.1.0")
    text = (project / "bin" / "serve.cmd").read_bytes()
    assert b"rem Ours\r\n" in text
    assert b"--strict %*\r\n" in text
    assert text.count(b"\n") == text.count(b"\r\n") == 6


def test_no_final_newline_stays(start: Start, run: Run) -> None:
    """A file without final newline, with a space in its name, takes a change in its first line and keeps its last."""
    project = start(ROLE)
    edit(project / "files" / "motd banner.txt", "are lost.", "are lost at 04:00.")
    saved(project)
    run("update", str(project / ROLE.file))
    text = (project / "files" / "motd banner.txt").read_bytes()
    assert text.startswith(b"This machine is kept by ops.chrony (ops@example.org).\n")
    assert text.endswith(b"are lost at 04:00.")


def test_modes_and_links_of_the_user_stay(start: Start, run: Run) -> None:
    """An executable bit that the user removed and a link that they redirected stay, with the template's changes."""
    project = start(MODULE)
    (project / "scripts" / "plan.sh").chmod(0o644)
    (project / "main.tf").chmod(0o755)
    (project / "plan").unlink()
    (project / "plan").symlink_to("scripts")
    saved(project)
    run("update", str(project), "--to", "v1.1.0")
    after = snapshot(project)
    assert after["plan"] == ("120000", b"scripts")
    assert after["scripts/plan.sh"][0] == "100644"
    assert b"-lock-timeout=60s" in after["scripts/plan.sh"][1]
    assert (after["main.tf"][0], b"budget = 250.0" in after["main.tf"][1]) == ("100755", True)


@pytest.mark.parametrize("foreign", [MODULE, DOCS], ids=["module", "docs"])
def test_written_once_is_the_users(foreign: Foreign, start: Start, run: Run) -> None:
    """A `_skip_if_exists` file that the user edited is exactly as they left it, though the template changed it."""
    project = start(foreign)
    mine = project / foreign.once[0]
    mine.write_bytes(b"# ours alone\n" + mine.read_bytes())
    kept = saved(project) and mine.read_bytes()
    report = run("update", str(project / foreign.file), "--json", *options(foreign, foreign.tags[-1])).json
    assert mine.read_bytes() == kept
    assert foreign.once[0] not in [entry["path"] for entry in report["files"]]


def test_edited_and_dropped_is_a_conflict(start: Start, run: Run) -> None:
    """A file that the user edited and the template dropped is kept and named, exit 3."""
    project = start(ROLE)
    edit(project / ".travis.yml", "molecule test --all", "molecule test --all --parallel")
    saved(project)
    report = run("update", str(project / ROLE.file), "--json", code=3).json
    assert [entry["path"] for entry in report["conflicts"]] == [".travis.yml"]
    assert "--parallel" in (project / ".travis.yml").read_text()
    assert "tasks/packages.yml" in git("diff", "--cached", "--name-only", at=project)


def test_a_binary_conflict_keeps_the_users_bytes(start: Start, run: Run) -> None:
    """A picture that both changed is named, exit 3, and is the user's until they choose; --abort takes it all back."""
    project = start(DOCS)
    (project / "docs" / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\xffours")
    before = state(saved(project))
    report = run("update", str(project), "--to", "v1.1.0", "--json", code=3).json
    assert [entry["path"] for entry in report["conflicts"]] == ["docs/logo.png"]
    assert (project / "docs" / "logo.png").read_bytes().endswith(b"\0\xffours")
    run("update", "--abort", str(project))
    assert state(project) == before


def test_a_secret_in_a_file_stays(start: Start, run: Run) -> None:
    """An answer that copier does not record is not lost from the files that hold it."""
    project = start(DOCS, search=True, search_key="k3y-of-the-search")
    run("update", str(project), "--to", "v1.1.0")
    text = (project / "docs" / "runbook" / "ledger.md").read_text()
    assert "The search key is k3y-of-the-search." in text
    assert "2. Look at the logs.\n" in text
    assert "k3y" not in (project / DOCS.file).read_text()


def test_new_folder_of_an_answer(start: Start, run: Run, work: Path) -> None:
    """An answer that names a file or folder moves it, with the user's edit in it."""
    project = start(DOCS)
    edit(project / "docs" / "runbook" / "ledger.md", "within a week", "within two weeks")
    saved(project)
    run("update", str(project), "--to", "v1.1.0", "--set", "service=General Ledger")
    text = (project / "docs" / "runbook" / "general-ledger.md").read_text()
    assert text.startswith("# General Ledger at night\n")
    assert "Hold a review within two weeks" in text
    assert not (project / "docs" / "runbook" / "ledger.md").exists()
