"""Drafts of merges of small trees, without a template and a project."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.command import git
from support.history import Files, begin, commit, entry

from new_ops_project.git import merge
from new_ops_project.git.tree import Tree
from new_ops_project.plan.draft import Draft, start_draft


def tree(files: Files) -> Tree:
    """The entries of a tree."""
    return {path: entry(content) for path, content in files.items() if content is not None}


@contextmanager
def draft(folder: Path, base: Files, ours: Files, theirs: Files) -> Iterator[Draft]:
    """The draft of the merge of three trees; the project's is committed in a repository in `folder`."""
    repository = begin(folder, commit("Ours", ours))
    root = git("rev-parse", "HEAD^{tree}", at=repository)
    with merge.scratch_repository(repository / ".git" / "objects") as scratch:
        merged = scratch.merge(tree(base), root, tree(theirs), overrides={}, moves={})
        yield start_draft(scratch, merged, root)


def text(draft: Draft, path: str) -> str:
    """The file as the draft has it."""
    content = draft.content(path)
    assert content is not None
    return content.decode()
