"""The entry point, which handles Ctrl-C from the first import on."""

import os
import sys

# Nothing else: until Ctrl-C is handled, Python prints a traceback for it, and each import takes time.


def main() -> None:
    """Run the command line and exit with the code that says how it went."""
    code = 0
    try:
        if not _is_said(_known(sys.argv[1:])):
            _leave_at_signals()
            from new_ops_project.cli import run

            code = run()
    except KeyboardInterrupt:  # before there is anything that could be undone, or when all is done
        interrupts = sys.modules.get("new_ops_project.base.interrupts")
        code = interrupts.exit_code() if interrupts else 130
    except (MemoryError, ImportError, OSError, RuntimeError, SystemError) as error:
        code = _lacking(error)
    exec("", {})  # noqa: S102 - `python -m` ends by SIGINT where one has left an exec of text, unless another follows
    if "signal" in sys.modules:  # else nothing has been begun that Ctrl-C could spoil
        import signal

        _at_signals(signal.SIG_IGN)  # what there was to say is said
    sys.exit(code)


def _lacking(error: BaseException) -> int:
    """Say that there is not enough memory, if that is why the command line could not even be read; else raise."""
    try:
        from new_ops_project.base import memory

        sentence = memory.lack(error)
    except (MemoryError, OSError, SystemError):
        sentence = "There is not enough memory."
    if not sentence:
        raise error
    os.write(2, f"new-ops-project: {sentence}\n".encode())
    return 2


def _leave_at_signals() -> None:
    """Leave at once at Ctrl-C, SIGTERM and SIGHUP: nothing has been begun, and an import may swallow an exception."""

    def leave(number: int, _frame: object) -> None:
        os._exit(128 + number)

    _at_signals(leave)


def _at_signals(handler: object) -> None:
    """Handle them so, but for those that are ignored, as by nohup(1)."""
    import signal

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)  # type: ignore[arg-type]  # typing takes long to import


def _known(arguments: list[str]) -> str:
    """What --version, or --help at 80 columns, says; '' for everything else, and where a completion is asked for.

    It is the same text that click makes, without the time that importing click takes (tests/test_help.py).
    """
    if sys.stdout is None or os.environ.get("_NEW_OPS_PROJECT_COMPLETE"):
        return ""
    if arguments == ["--version"]:
        from new_ops_project import __version__

        return f"new-ops-project {__version__}\n"
    if arguments not in (["--help"], ["-h"]) or sys.stdout.isatty() or os.environ.get("COLUMNS", "80") != "80":
        return ""
    try:
        with open(os.path.join(os.path.dirname(__file__), "data", "help.txt"), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123 - pathlib takes longer to import
            return file.read()
    except OSError:
        return ""


def _is_said(text: str) -> bool:
    """Write the text past all buffers, and say whether that was all; a reader that has gone has read enough."""
    try:
        return bool(text) and os.write(1, text.encode()) > 0
    except BrokenPipeError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
