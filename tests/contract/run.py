"""The run of copier's own tests with this tool in copier's place: `python tests/contract/run.py [pytest's options]`.

They come from copier's source distribution of the installed version, and none of them is kept.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The tests of updates and of rendering; the others are about copier's prompts, command line and helpers.
FILES = (
    "answersfile",
    "answersfile_templating",
    "complex_questions",
    "conditional_file_name",
    "config",
    "context",
    "copy",
    "demo_update_tasks",
    "dirty_local",
    "dynamic_file_structures",
    "empty_suffix",
    "exclude",
    "jinja2_env",
    "jinja2_extensions",
    "jinja2_undefined",
    "legacy_migration",
    "migrations",
    "normal_jinja2",
    "subdirectory",
    "symlinks",
    "unsafe",
    "updatediff",
)
# Two tests clone from the network.
NETWORK = ("tests/test_copy.py::test_copy_repo", "tests/test_updatediff.py::test_commit_hooks_respected")


def main(options: list[str]) -> int:
    """Run the tests and print the verdict; 0 if everything that failed is explained."""
    known = tomllib.loads((HERE / "different.toml").read_text(encoding="utf-8"))["different"]
    reasons = {test: row["reason"] for row in known for test in row["tests"]}
    with tempfile.TemporaryDirectory(prefix="contract-") as holder:
        folder = Path(holder)
        reports, renders = _run(_unpacked(folder), folder, options)
    lines, is_kept = verdict(reports, reasons, is_whole=not options)
    sys.stdout.write("\n".join([*_summary_of_renders(renders), *lines, ""]))
    return 0 if is_kept else 1


def _unpacked(folder: Path) -> Path:
    """Copier's source distribution as the package index has it, unpacked; pinned by hash where we pin that version."""
    name = f"copier-{version('copier')}"
    pins = (HERE.parents[1] / "requirements-dev.txt").read_text(encoding="utf-8")
    pinned = re.search(rf"^{re.escape(name.replace('-', '==', 1))} .*?(?=^\w)", pins, re.MULTILINE | re.DOTALL)
    wanted = folder / "copier.txt"
    wanted.write_text(pinned[0] if pinned else name.replace("-", "==", 1), encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps")
    subprocess.run([*pip, "--no-binary", "copier", "--requirement", wanted, "--dest", folder], check=True)
    with tarfile.open(folder / f"{name}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / name


def _run(copier: Path, folder: Path, options: list[str]) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Run copier's tests; return id, outcome and reason of each, and a line for each render."""
    reports, renders = folder / "reports", folder / "renders"
    reports.touch()
    renders.touch()
    ours = {"CONTRACT_REPORTS": reports, "CONTRACT_RENDERS": renders, "PYTHONPATH": HERE.parent, "TMPDIR": folder}
    homes = {f"XDG_{name}_HOME": folder / name.lower() for name in ("CACHE", "CONFIG", "DATA")}
    command = (sys.executable, "-m", "pytest", "-p", "contract.plugin")
    usual = ("--override-ini=addopts=", "-n2", "--dist=worksteal", "-q", "--tb=no", "--no-summary", "--no-header")
    without = [f"--deselect={test}" for test in NETWORK]
    files = [str(Path("tests", f"test_{name}.py")) for name in FILES if Path(copier, f"tests/test_{name}.py").exists()]
    environment = {**os.environ, **{name: str(value) for name, value in {**ours, **homes}.items()}}
    environment.pop("GIT_DIR", None)
    subprocess.run([*command, *usual, *without, *(options or files)], cwd=copier, env=environment, check=False)
    rows = [json.loads(line) for line in reports.read_text(encoding="utf-8").splitlines()]
    return [(test, outcome, reason) for test, outcome, reason in rows], renders.read_text(encoding="utf-8").splitlines()


def _summary_of_renders(renders: Iterable[str]) -> list[str]:
    rows = [line.split("\t", 1) for line in renders]
    figures = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kind for kind, _ in rows).items()))
    reasons = Counter(re.sub(r" \(in .*", "", reason) for kind, reason in rows if kind == "left to copier")
    most = [f"  {count} left to copier, since the template {reason}" for reason, count in reasons.most_common(8)]
    return [*most, f"copier's renders, repeated by ours: {figures}."]


def verdict(
    reports: Iterable[tuple[str, str, str]], reasons: Mapping[str, str], *, is_whole: bool = True
) -> tuple[list[str], bool]:
    """The lines to print, and whether the contract is kept.

    `reasons` says why tests are different on purpose, by the id of a test, or of all its variants. It is kept if each
    test that failed is there, and, if the run `is_whole`, each of them failed.
    """
    explained, failed, passed, used = [], [], 0, set()
    for test, outcome, problem in sorted(reports):
        passed += outcome == "passed"
        if outcome != "failed":
            continue
        entry = next((name for name in (test, test.partition("[")[0]) if name in reasons), "")
        used.add(entry)
        explained += [f"  different: {test}: {reasons[entry]}"] if entry else []
        failed += [] if entry else [f"  failed: {test}: {' '.join(problem.split())[:300]}"]
    stale = [f"  passes, but is listed as different: {name}" for name in sorted(reasons.keys() - used) if is_whole]
    figures = f"copier's tests: {passed} passed, {len(explained)} different on purpose, {len(failed)} failed."
    return [*explained, *stale, *failed, figures], passed > 0 and not failed and not stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
