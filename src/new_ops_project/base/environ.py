"""The environment variables that child processes get."""

import os
from collections.abc import Mapping

# What git exports to its hooks; a child that saw these would act on the caller's repository.
_REPOSITORY_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_CEILING_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_EXEC_PATH",
        "GIT_GRAFT_FILE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)


def clean() -> None:
    """Remove from this process what lets a repository decide what runs: copier starts children of its own.

    That are the variables that name the caller's repository, and the folders on PATH that depend on the current one.
    """
    for name in _REPOSITORY_VARIABLES & os.environ.keys():
        del os.environ[name]
    if path := os.environ.get("PATH"):
        os.environ["PATH"] = os.pathsep.join(filter(os.path.isabs, path.split(os.pathsep)))


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a child, plus `extra`: git never prompts, messages are in English, no repository is named."""
    inherited = {name: value for name, value in os.environ.items() if name not in _REPOSITORY_VARIABLES}
    return inherited | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"} | dict(extra or {})
