"""The way in: the command line, with Ctrl-C heeded from the first import on."""

import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with the code that says how it went."""
    try:
        from new_ops_project.cli import run

        code = run()
    except KeyboardInterrupt:  # before there is anything that could be undone, or when all is done
        code = 130
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what there was to say is said
    sys.exit(code)


if __name__ == "__main__":
    main()
