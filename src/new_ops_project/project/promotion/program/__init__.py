"""What a Python file does when it is run, imported or moved, read from its syntax: nothing is executed."""
