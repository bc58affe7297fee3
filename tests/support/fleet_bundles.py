"""A fleet of real repositories with a results folder, made with plain git."""

import atexit
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from support.command import git

from new_ops_project.fleet import branches, commits, store
from new_ops_project.fleet.commits import CommitInfo
from new_ops_project.fleet.model import FleetPlan, PathNote, Result, ResultState, Task
from new_ops_project.git import objects

VERSION = "1.2.0"
LARGE = 200_000  # bytes of a file in each repository that nothing compresses
TEXT = "".join(f"{number} = one\n" for number in range(200))
ABOUT = CommitInfo("plan-1", "Ada <a@x.test>", 1_793_491_200)


def ours(clone: Path, task: Task, files: dict[str, str], *, has_conflicts: bool = False) -> tuple[str, str]:
    """The commit that a plan makes of its base with `files` changed; its id and its tree. No branch moves."""
    env = {"GIT_INDEX_FILE": str(clone / ".git" / "ours.index")}
    git("read-tree", task.base, at=clone, env=env)
    for path, text in files.items():
        (clone / ".git" / "ours.blob").write_text(text)
        blob = git("hash-object", "-w", str(clone / ".git" / "ours.blob"), at=clone)
        git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", at=clone, env=env)
    tree = git("write-tree", at=clone, env=env)
    content = commits.content(task, tree, ABOUT, has_conflicts=has_conflicts)
    return objects.write_loose(clone / ".git" / "objects", "commit", content, object_format="sha1"), tree


def _tree(clone: Path, entries: str) -> str:
    """Write a tree with these entries, as `ls-tree` shows them; return its id."""
    made = subprocess.run(["git", "mktree"], cwd=clone, input=entries.encode(), check=True, stdout=subprocess.PIPE)
    return made.stdout.decode().strip()


@cache
def _seed() -> Path:
    """A folder with a repository of one commit, and a clone of it."""
    folder = Path(tempfile.mkdtemp(prefix="fleet-seed-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    bare, clone = folder / "bare.git", folder / "clone"
    git("init", "--quiet", "--bare", str(bare), at=folder)
    for key in ("http.receivepack", "uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        git("config", key, "true", at=bare)
    git("clone", "--quiet", str(bare), str(clone), at=folder)
    (clone / "README.md").write_text(TEXT)
    (clone / "tool.py").write_text(TEXT)
    (clone / "large.bin").write_bytes(os.urandom(LARGE))
    git("add", ".", at=clone)
    git("commit", "--quiet", "--message=Begin", at=clone)
    git("push", "--quiet", "origin", "trunk", at=clone)
    return folder


def _make(clone: Path, files: dict[str, str], task: Task, record: Path, *, has_conflicts: bool) -> None:
    """A commit of ours as a bundle beside the file `made`, which has its id and its tree."""
    base, target = task.base, branches.name(task)
    commit, tree = ours(clone, task, files, has_conflicts=has_conflicts)
    git("update-ref", f"refs/heads/{target}", commit, at=clone)
    bundle = record.with_suffix(f"{record.suffix}.bundle")
    git("bundle", "create", "--quiet", str(bundle), f"refs/heads/{target}", f"^{base}", at=clone)
    git("update-ref", "-d", f"refs/heads/{target}", at=clone)
    record.write_text(f"{commit} {tree}")


class Fleet:
    """Bare repositories below `root`, a clone of each, and a folder of results for them."""

    def __init__(self, root: Path, url: str = "") -> None:
        self.root = root
        self.served = root / "served"
        self.out = root / "out"
        self.url = url
        self.plan = "plan-1"
        self.tasks: list[Task] = []
        self.results: list[Result] = []
        (self.out / "bundles").mkdir(parents=True, exist_ok=True)

    def bare(self, name: str) -> Path:
        """The repository on the server."""
        return self.served / f"{name}.git"

    def clone(self, name: str) -> Path:
        """The clone of it that the results were computed in."""
        return self.root / "clones" / name

    def add(
        self,
        name: str,
        *,
        files: dict[str, str] | None = None,
        state: ResultState = ResultState.UPDATED,
        version: str = VERSION,
        prefix: str = "",
        **more: Any,
    ) -> Result:
        """A repository with one commit, and the result of updating it; return that."""
        bare, clone = self.bare(name), self.clone(name)
        if not bare.exists():
            self._begin(bare, clone)
        changed = files or {"tool.py": TEXT.replace("100 =", "101 =")}
        task = replace(self._task(name), version=version, prefix=prefix)
        target = branches.name(task)
        record = _seed() / f"{task.base}-{target.replace('/', '-')}-{'own' if files else len(changed)}-{state}"
        if files or not record.exists():
            _make(clone, changed, task, record, has_conflicts=state == ResultState.CONFLICT)
        commit, tree = record.read_text().split()
        bundle = f"bundles/{store.slug(name + target)}.bundle"
        shutil.copy(record.with_suffix(f"{record.suffix}.bundle"), self.out / bundle)
        changes = tuple(PathNote(path, "changed") for path in changed)
        result = store.task_result(
            task,
            self.plan,
            state=state,
            commit=commit,
            tree=tree,
            bundle=bundle,
            target=target,
            files=changes,
            lines=4,
            at="2026-11-01T00:00:00Z",
        )
        if state == ResultState.CONFLICT:
            result = replace(result, conflicts=(PathNote("tool.py", "both changed it"),))
        result = replace(result, **more)
        self.tasks.append(task)
        self.results.append(result)
        self.save()
        return result

    def several(self, count: int) -> list[Result]:
        """Repositories acme/n0 and so on with their results."""
        return [self.add(f"acme/n{number}") for number in range(count)]

    def with_folder(self, result: Result, folder: str) -> Result:
        """The same result with a file in a folder of any name, even of one that git's index does not take."""
        clone, task = self.clone(result.name), self.tasks[-1]
        entries = git("ls-tree", task.base, at=clone)
        tree = _tree(clone, f"{entries}\n040000 tree {_tree(clone, entries)}\t{folder}\n")
        content = commits.content(task, tree, ABOUT, has_conflicts=False)
        commit = objects.write_loose(clone / ".git" / "objects", "commit", content, object_format="sha1")
        git("update-ref", "refs/bundled", commit, at=clone)
        git("bundle", "create", "--quiet", str(self.out / result.bundle), "refs/bundled", f"^{task.base}", at=clone)
        git("update-ref", "-d", "refs/bundled", at=clone)
        return replace(result, commit=commit, tree=tree)

    def _task(self, name: str) -> Task:
        """The task of a plan for the repository as it is now."""
        clone = self.clone(name)
        return Task(
            name=name,
            url=f"{self.url or self.served}/{name}.git",
            folder=str(clone),
            prefix="",
            answers_file="",
            owner="",
            group="",
            branch="trunk",
            base=git("rev-parse", "trunk", at=clone),
            template="https://x.test/t.git",
            before="1.1.0",
            version=VERSION,
            commit="",
            tier="library",
            python="3.12",
        )

    def _begin(self, bare: Path, clone: Path) -> None:
        """A repository with one commit, and its clone: copies of one that is made once."""
        seed = _seed()
        shutil.copytree(seed / "bare.git", bare)
        shutil.copytree(seed / "clone", clone)
        config = clone / ".git" / "config"
        config.write_text(config.read_text().replace(str(seed / "bare.git"), str(bare)))
        git("update-index", "--refresh", at=clone)

    def save(self) -> None:
        """Write the plan and the results."""
        plan = FleetPlan(self.plan, "2026-11-01T00:00:00Z", ABOUT.author, "all", 1, tuple(self.tasks))
        store.write_plan(plan, self.out / store.PLAN)
        lines = "".join(json.dumps(result.as_json()) + "\n" for result in self.results)
        (self.out / "results-1-of-1.jsonl").write_text(lines)

    def again(self, name: str, plan: str, **more: Any) -> Result:
        """Plan the same repository again, as its branch is now."""
        git("pull", "--quiet", "origin", "trunk", at=self.clone(name))
        self.plan, self.tasks, self.results = plan, [], []
        return self.add(name, **more)

    def somebody(self, name: str, branch: str, text: str = "mine\n", start: str = "") -> str:
        """A person pushes a commit to a branch of the remote; return its id."""
        other = self.root / "person" / name
        if not other.exists():
            git("clone", "--quiet", str(self.bare(name)), str(other), at=self.root)
        git("fetch", "--quiet", "origin", at=other)
        git("checkout", "--quiet", "-B", branch, start or f"origin/{branch}", at=other)
        (other / "person.txt").write_text(text)
        git("add", ".", at=other)
        git("commit", "--quiet", f"--message={text.strip()}", at=other)
        git("push", "--quiet", "origin", branch, at=other)
        return git("rev-parse", "HEAD", at=other)

    def put(self, name: str, branch: str, version: str) -> str:
        """Push a commit of ours for another version to a branch of the remote; return its id."""
        clone = self.clone(name)
        task = replace(self._task(name), version=version)
        commit, _ = ours(clone, task, {"tool.py": f"{version}\n"})
        git("push", "--quiet", "origin", f"{commit}:refs/heads/{branch}", at=clone)
        return commit

    def tip(self, name: str, branch: str = f"template/{VERSION}", *, at: Path | None = None) -> str:
        """The commit of a branch on the server or in a clone; '' if there is none."""
        return git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}", at=at or self.bare(name))
