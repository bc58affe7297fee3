#!/usr/bin/env python3
"""Who is on call in a week, and the mail that tells them."""
import json
import os
import sys
from optparse import OptionParser
from pathlib import Path
from string import Template

HERE = Path(__file__).parent
ROSTER = HERE / "data" / "roster.json"
MAIL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mail.txt")
LAST = HERE / "last_week.txt"


def load_roster(path=ROSTER):
    return json.loads(Path(path).read_text())


def on_call(people, week):
    """The person of a week such as 2026-W02, and the one after."""
    number = int(week.split("-W")[1])
    return people[number % len(people)], people[(number + 1) % len(people)]


def mail(person, following, week):
    with open(MAIL) as f:
        return Template(f.read()).substitute(person=person, following=following, week=week)


parser = OptionParser()
parser.add_option("--week", default=None, help="such as 2026-W02")
parser.add_option("--team", default="platform")
parser.add_option("--mail", action="store_true", help="print the mail")

if __name__ == "__main__":
    options, args = parser.parse_args()
    roster = load_roster()
    if options.team not in roster:
        print("no team %s; there are %s" % (options.team, ", ".join(sorted(roster))), file=sys.stderr)
        sys.exit(1)
    week = options.week or (LAST.read_text().strip() if LAST.exists() else "2026-W01")
    try:
        person, following = on_call(roster[options.team], week)
    except (IndexError, ValueError):
        parser.error("%r is no week" % week)
    print(mail(person, following, week) if options.mail else "%s: %s" % (week, person))
