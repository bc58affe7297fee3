#!/usr/bin/env python3
# Rotate the logs of a folder: app.log -> app.log.1 -> app.log.2, the oldest goes.

import os
import re
import sys

KEEP = 3
moved = 0


def say(text):
    if VERBOSE or DRY_RUN:
        print(("would " if DRY_RUN else "") + text)


def numbered(folder, name):
    """The numbers that a log has been rotated to, highest first."""
    pattern = re.compile(re.escape(name) + r"\.(\d+)$")
    return sorted((int(m[1]) for m in map(pattern.match, os.listdir(folder)) if m), reverse=True)


def rotate(folder, name):
    global moved
    for number in numbered(folder, name):
        source = os.path.join(folder, "%s.%d" % (name, number))
        if number >= KEEP:
            say("remove %s" % source)
            if not DRY_RUN:
                os.remove(source)
        else:
            say("move %s to .%d" % (source, number + 1))
            if not DRY_RUN:
                os.rename(source, os.path.join(folder, "%s.%d" % (name, number + 1)))
            moved += 1
    say("move %s/%s to .1" % (folder, name))
    if not DRY_RUN:
        os.rename(os.path.join(folder, name), os.path.join(folder, name + ".1"))
        open(os.path.join(folder, name), "w").close()
    moved += 1


if __name__ == "__main__":
    args = sys.argv[1:]
    VERBOSE = "-v" in args
    DRY_RUN = "-n" in args
    for arg in args:
        if arg.startswith("--keep="):
            try:
                KEEP = int(arg[7:])
            except ValueError:
                sys.exit("log_rotate: %s is no number" % arg[7:])
        elif arg == "--keep":
            KEEP = int(args[args.index(arg) + 1])
        elif arg.startswith("--"):
            print("usage: %s FOLDER [-v] [-n] [--keep=N]" % os.path.basename(sys.argv[0]), file=sys.stderr)
            sys.exit(64)
    folders = [a for a in args if not a.startswith("-") and not a.isdigit()]
    if not folders:
        print("usage: %s FOLDER [-v] [-n] [--keep=N]" % os.path.basename(sys.argv[0]), file=sys.stderr)
        sys.exit(64)
    for folder in folders:
        for name in sorted(os.listdir(folder)):
            if name.endswith(".log"):
                rotate(folder, name)
    print("%d files moved" % moved)
