# Summary of what cron ran, by job: how often, how often it failed, the longest time.
# usage: cron_summary.py [LOG [JOB]]
import logging
import re
import sys
from collections import defaultdict

log = logging.getLogger(__name__)

LINE = re.compile(r"^(?P<time>\S+) (?P<job>[\w-]+) exit=(?P<code>\d+) seconds=(?P<seconds>[\d.]+)$")


def parse(lines):
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        found = LINE.match(line)
        if not found:
            log.warning("line %d is no job: %s", number, line)
            continue
        yield found["job"], int(found["code"]), float(found["seconds"])


def summarise(jobs):
    by_job = defaultdict(lambda: {"runs": 0, "failed": 0, "longest": 0.0})
    for job, code, seconds in jobs:
        entry = by_job[job]
        entry["runs"] += 1
        entry["failed"] += code != 0
        entry["longest"] = max(entry["longest"], seconds)
    return dict(by_job)


def report(summary, only=None):
    for job, entry in sorted(summary.items()):
        if only and job != only:
            continue
        print("%-12s runs=%d failed=%d longest=%.1fs" % (job, entry["runs"], entry["failed"], entry["longest"]))


def main():
    logging.basicConfig(level=logging.INFO)
    path = sys.argv[1] if len(sys.argv) > 1 else "cron.log"
    only = sys.argv[2] if len(sys.argv) > 2 else None
    log.info("reading %s", path)
    with open(path) as file:
        summary = summarise(parse(file))
    report(summary, only)
    if any(entry["failed"] for entry in summary.values()):
        log.error("some jobs failed")
        sys.exit(3)


if __name__ == "__main__":
    main()
