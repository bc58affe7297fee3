"""`python -m new_ops_project`: the command, where no script is on PATH."""

from new_ops_project.cli import main

if __name__ == "__main__":
    main()
