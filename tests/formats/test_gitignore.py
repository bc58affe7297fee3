"""The patterns of a .gitignore file, read as git reads them."""

import subprocess
from pathlib import Path

import pytest

from new_ops_project.formats import gitignore


@pytest.mark.parametrize("odd", ["/", "!", "!!", "[a", "\\", "**", "///", "[]", "[z-a]", "[[:alpha:]]", " ", "#"])
def test_lines_that_are_no_pattern(tmp_path: Path, odd: str) -> None:
    """They count for nothing, and the others count."""
    lines = ["*.log", odd, "/build/"]
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("\n".join(lines))
    paths = ["x.log", "build/x", "keep.py"]
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", *paths], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    spec = gitignore.spec(lines)
    assert [path for path in paths if spec.match_file(path)] == asked.stdout.split()
