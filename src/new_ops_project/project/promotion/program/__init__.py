"""The static analysis of the Python program that a promotion moves into a package.

Each module parses source code with `ast`. None of them imports or runs that code.
"""
