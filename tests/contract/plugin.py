"""The pytest plugin that puts our stand-in in copier's place before copier's tests are imported."""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from contract import stand_in
from plumbum import local


def _pretend_installed(name: str, **content: Any) -> None:
    sys.modules.setdefault(name, ModuleType(name))
    vars(sys.modules[name]).update(content)


# Two development tools of copier that its tests import, but do not need here.
_pretend_installed("coverage")
_pretend_installed("coverage.tracer", CTracer=type("CTracer", (), {}))
_pretend_installed("inline_snapshot", snapshot=lambda value: value)
stand_in.install()


def pytest_configure(config: pytest.Config) -> None:
    """Put the stand-in in the place of copier's command; let one process of a parallel run write the reports."""
    helpers: Any = import_module("tests.helpers")
    helpers.COPIER_CMD = local[sys.executable][stand_in.__file__]
    helpers.COPIER_PATH = (sys.executable, stand_in.__file__)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Reporter())


class _Reporter:
    """Writes a line for each test that ran: its id, its outcome, and why it failed."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write down what counts: the call, and a setup or teardown that failed."""
        if report.when != "call" and not report.failed:
            return
        # A test that copier itself expects to fail passes here if it can, and is none of our contract if it cannot.
        is_better = report.failed and str(report.longrepr).startswith("[XPASS(strict)]")
        crash = getattr(report.longrepr, "reprcrash", None)
        reason = str(getattr(crash, "message", report.longrepr or ""))
        with Path(os.environ["CONTRACT_REPORTS"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps([report.nodeid, "passed" if is_better else report.outcome, reason]) + "\n")
