"""setup.cfg read as keywords of setup().

The format: https://setuptools.pypa.io/en/latest/userguide/declarative_config.html.
"""

from typing import Any

from new_ops_project.formats.document import Document, Files, ini
from new_ops_project.formats.setuptools.setup_py import Computed

_ALIASES = {
    "home_page": "url",
    "summary": "description",
    "classifier": "classifiers",
    "platform": "platforms",
    "description_file": "long_description_file",
}
_LISTS = {
    "classifiers",
    "keywords",
    "platforms",
    "license_files",
    "install_requires",
    "setup_requires",
    "tests_require",
    "py_modules",
    "scripts",
    "packages",
    "requires",
    "provides",
    "obsoletes",
    "namespace_packages",
}
_INDIRECT = ("file:", "attr:")
_PAIRS = ("package_dir", "project_urls", "data_files")
_TABLES = ("extras_require", "entry_points", "package_data", "data_files", "exclude_package_data")


def keywords(files: Files) -> Document:
    """Read setup.cfg as {keyword: value}, like `setup_py.keywords`; empty where it describes no project."""
    config = ini(files, "setup.cfg")
    data: dict[str, Any] = {}
    lines: dict[tuple[str | int, ...], int] = {}
    for section in ("metadata", "options"):
        for option, text in config.table(section).items():
            name = _ALIASES.get(option.replace("-", "_"), option.replace("-", "_"))
            data[name] = _value(name, text.strip())
            lines[(name,)] = config.line(section, option)
    for name in _TABLES:
        if table := config.table(f"options.{name}"):
            data[name] = {key: _list(text.strip()) for key, text in table.items()}
            lines[(name,)] = config.line(f"options.{name}")
    return Document(config.path, config.text, data, lines, config.problem)


def _value(name: str, text: str) -> Any:
    if name in _PAIRS:
        pairs = (line.partition("=") for line in text.replace(",", "\n").split("\n") if "=" in line)
        return {key.strip(): value.strip() for key, _, value in pairs}
    if name in _LISTS and not text.startswith("find"):
        return _list(text)
    return Computed(text) if text.startswith(_INDIRECT) else text


def _list(text: str) -> list[str] | Computed:
    """A list with one item a line, or separated by commas."""
    if text.startswith(_INDIRECT):
        return Computed(text)
    lines = [line.strip() for line in text.split("\n")]
    # A comma can also be part of a requirement: `requests>=2,<3`.
    if len(lines) == 1 and not any(mark in text for mark in "[;<>=!~"):
        lines = [part.strip() for part in text.split(",")]
    return [line for line in lines if line and not line.startswith("#")]
