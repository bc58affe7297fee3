"""Resolvers: functions that take conflicts out of a draft with knowledge of the file's format.

Each one proves its result, for example by parsing it, and leaves the conflict where it cannot.
"""
