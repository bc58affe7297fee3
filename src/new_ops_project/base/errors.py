"""The errors that a verb raises, with the exit codes that they lead to."""

from enum import IntEnum

from new_ops_project.base.masking import masked


class Exit(IntEnum):
    """Exit codes as diff and ruff use them; the README says what each one means ("Exit codes")."""

    DONE = 0
    FINDINGS = 1
    FAILED = 2
    CONFLICTS = 3
    UNTRUSTED = 4
    BUG = 70
    INTERRUPTED = 130


class ToolError(Exception):
    """An error a person can act on: the message says what happened, with the value; the hint says what to do next."""

    def __init__(self, message: str, hint: str = "", exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(masked(message))
        self.message = masked(message)  # here, since what reports it may escape letters of a secret
        self.hint = masked(hint)
        self.exit_code = exit_code


class ProcessError(Exception):
    """A program did not start, or ended with an unexpected exit code, which is None if it did not end by itself."""

    def __init__(self, args: tuple[str, ...], exit_code: int | None, stderr: str) -> None:
        super().__init__(f"{' '.join(args)}: {stderr.strip() or f'exit code {exit_code}'}")
        self.args_run = args
        self.exit_code = exit_code
        self.stderr = stderr

    @property
    def command(self) -> str:
        """The program that failed, without its arguments, which may contain secrets."""
        return self.args_run[0]

    @property
    def reason(self) -> str:
        """What went wrong: git's own `fatal:` line, otherwise the last line on stderr."""
        lines = [line.strip() for line in self.stderr.splitlines() if line.strip()]
        fatal = [line for line in lines if line.startswith("fatal:")]
        return (fatal or lines[-1:] or [f"exit code {self.exit_code}"])[0]
