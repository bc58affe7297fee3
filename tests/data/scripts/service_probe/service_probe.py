"""Judge what the monitoring measured, by the rules of each kind of probe."""

import argparse
import importlib
import logging
import os
import sys

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

try:
    import nonexistent_colour_library as colour
except ImportError:
    colour = None

try:
    import local_settings
except ModuleNotFoundError:
    local_settings = None

LIMIT = float(os.environ.get("PROBE_LIMIT", "1.0"))

logging.basicConfig(
    level=logging.WARNING,
    format="%(name)s %(levelname)s %(message)s",
)
logger = logging.getLogger(__name__)


def load_probes(path):
    if not path.endswith(".toml"):
        raise ValueError(f"{path} is no TOML file")
    with open(path, "rb") as file:
        return tomllib.load(file)["probe"]


def judge(probe, limit=LIMIT):
    """`ok` or what is wrong."""
    kind = probe["kind"]
    try:
        module = importlib.import_module("probe_" + kind)
    except ImportError:
        logger.warning("no rules for %s", kind)
        return "unknown"
    return module.judge(probe, limit)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--only", metavar="KIND")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    if options.verbose:
        logger.setLevel(logging.DEBUG)
    worst = 0
    for probe in load_probes(options.file):
        if options.only and probe["kind"] != options.only:
            logger.debug("skipping %s", probe["name"])
            continue
        verdict = judge(probe)
        print(f"{probe['name']}: {verdict}")
        worst = max(worst, {"ok": 0, "unknown": 1}.get(verdict, 2))
    return worst


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, ValueError) as error:
        logger.error("%s", error)
        code = 70
    sys.exit(code)
