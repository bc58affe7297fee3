"""The process that runs the checks of repo-review's plugins on the folder that it is given: JSON out.

A plugin is third-party code, which may raise anything and need not end.
"""

import json
import sys
from pathlib import Path
from typing import Any

from repo_review import processor

from new_ops_project.checks.linters.repo_review import LEFT_OUT


def main() -> None:
    """Write name, description, text and URL of each failed check."""
    folder = Path(sys.argv[1])
    collected = processor.collect_all(folder)
    # Ours are removed first: repo-review would run them all, and so this process again.
    theirs: dict[str, Any] = {
        name: check for name, check in collected.checks.items() if not type(check).__module__.startswith(LEFT_OUT)
    }
    processed = processor.process(folder, collected=collected._replace(checks=theirs))
    failed = (check for check in processed.results if check.result is False)
    json.dump([(check.name, check.description, check.err_msg, check.url) for check in failed], sys.stdout)


if __name__ == "__main__":
    main()
