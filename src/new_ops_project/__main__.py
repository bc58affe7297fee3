"""The entry point, which handles Ctrl-C from the first import on."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with the code that says how it went."""
    try:
        if text := _known(sys.argv[1:]):
            sys.stdout.write(text)
            sys.stdout.flush()
            code = 0
        else:
            from new_ops_project.cli import run

            code = run()
    except KeyboardInterrupt:  # before there is anything that could be undone, or when all is done
        code = 130
    if "signal" in sys.modules:  # else nothing has been begun that Ctrl-C could spoil
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what there was to say is said
    sys.exit(code)


def _known(arguments: list[str]) -> str:
    """What --version, or --help at 80 columns, says; '' for everything else, and where a completion is asked for.

    It is the same text that click makes, without the time that importing click takes (tests/test_help.py).
    """
    import os

    if arguments == ["--version"] and not os.environ.get("_NEW_OPS_PROJECT_COMPLETE"):
        from new_ops_project import __version__

        return f"new-ops-project {__version__}\n"
    if arguments not in (["--help"], ["-h"]):
        return ""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "80") != "80" or os.environ.get("_NEW_OPS_PROJECT_COMPLETE"):
        return ""
    try:
        with open(os.path.join(os.path.dirname(__file__), "data", "help.txt"), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123 - pathlib takes longer to import
            return file.read()
    except OSError:
        return ""


if __name__ == "__main__":
    main()
