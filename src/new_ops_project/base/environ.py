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


def drop_git_variables() -> None:
    """Remove the variables that name the caller's repository from this process: copier starts children of its own."""
    for name in _REPOSITORY_VARIABLES & os.environ.keys():
        del os.environ[name]


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a child, plus `extra`: git never prompts, messages are in English, no repository is named."""
    inherited = {name: value for name, value in os.environ.items() if name not in _REPOSITORY_VARIABLES}
    return inherited | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"} | dict(extra or {})
