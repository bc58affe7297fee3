"""The description of the machine that the figures come from."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


def describe(env: Mapping[str, str]) -> Mapping[str, str]:
    """The processor, the system, and the versions of the programs on the PATH of `env`."""
    programs = ("git", "copier", "new-ops-project", "putup", "cookiecutter")
    return {
        "CPU": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{name: _version(name, env) for name in programs if shutil.which(name, path=env["PATH"])},
    }


def _version(program: str, env: Mapping[str, str]) -> str:
    completed = subprocess.run((program, "--version"), env=env, stdout=subprocess.PIPE, text=True, check=True)
    return next(word for word in completed.stdout.split() if word[0].isdigit())


def _processor() -> str:
    """The processor's name, as the system reports it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
