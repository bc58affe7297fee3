"""The machine and the versions that figures hold for."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


def describe(env: Mapping[str, str]) -> Mapping[str, str]:
    """What to print beside the figures; commands are looked up as `env` has it."""
    programs = ("git", "copier", "new-ops-project", "putup", "cookiecutter")
    return {
        "CPU": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{name: _version(name, env) for name in programs if shutil.which(name, path=env["PATH"])},
    }


def _version(program: str, env: Mapping[str, str]) -> str:
    said = subprocess.run((program, "--version"), env=env, stdout=subprocess.PIPE, text=True, check=True)
    return next(word for word in said.stdout.split() if word[0].isdigit())


def _processor() -> str:
    """The processor's name as the system has it."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
