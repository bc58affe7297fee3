"""setup.cfg read as keywords of setup().

The format: https://setuptools.pypa.io/en/latest/userguide/declarative_config.html.
"""

from typing import Any

from new_ops_project.formats.document import Document, Files, decoded, ini
from new_ops_project.formats.setuptools.values import Computed, Contents, Lines, Packages

_ALIASES = {
    "home_page": "url",
    "summary": "description",
    "classifier": "classifiers",
    "platform": "platforms",
    "description_file": "long_description_file",
}
_LISTS = (
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
)
_TABLES = ("extras_require", "entry_points", "package_data", "data_files", "exclude_package_data")


def keywords(files: Files) -> Document:
    """Read setup.cfg as {keyword: value}, like `setup_py.keywords`; empty where it describes no project."""
    config = ini(files, "setup.cfg")
    data: dict[str, Any] = {}
    lines: dict[tuple[str | int, ...], int] = {}
    for section in ("metadata", "options"):
        for option, text in config.table(section).items():
            name = _ALIASES.get(option.replace("-", "_"), option.replace("-", "_"))
            data[name] = _value(files, name, text.strip(), config)
            lines[(name,)] = config.line(section, option)
    for name in _TABLES:
        if table := config.table(f"options.{name}"):
            data[name] = {key: _list(files, text) for key, text in table.items()}
            lines[(name,)] = config.line(f"options.{name}")
    return Document(config.path, config.text, data, lines, config.problem)


def _value(files: Files, name: str, text: str, config: Document) -> Any:
    if name == "packages" and text in {"find:", "find_namespace:"}:
        return _packages(config.table("options.packages.find"), is_namespaces=text == "find_namespace:")
    if name in {"package_dir", "project_urls", "data_files"}:
        return _pairs(text)
    if name in {"zip_safe", "include_package_data"}:
        return text.lower() in {"1", "true", "yes"}
    if name in _LISTS:
        return _list(files, text)
    kinds = {"attr": lambda: Computed(text), "file": lambda: _contents(files, text)}
    return kinds.get(text.partition(":")[0], lambda: text)()


def _list(files: Files, text: str) -> Any:
    """A list with one item a line, or separated by commas, or read from a file."""
    if text.strip().startswith("file:"):
        content = _contents(files, text.strip())
        return Lines(content.split("\n"), content.path) if isinstance(content, Contents) else content
    lines = [line.strip() for line in text.strip().split("\n")]
    # A comma can also be part of a requirement: `requests>=2,<3`.
    if len(lines) == 1 and not any(mark in text for mark in "[;<>=!~"):
        lines = [part.strip() for part in text.split(",")]
    return [line for line in lines if line and not line.startswith("#")]


def _contents(files: Files, text: str) -> Contents | Computed:
    paths = [path.strip() for path in text.removeprefix("file:").replace("\n", ",").split(",") if path.strip()]
    existing = [path for path in paths if path in files]
    if not existing:
        return Computed(text)
    return Contents("\n".join(decoded(files[path]) for path in existing), existing[0], whole=len(existing) == 1)


def _pairs(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.replace(",", "\n").split("\n") if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _packages(table: dict[str, Any], *, is_namespaces: bool) -> Packages:
    include, exclude = (tuple(str(table.get(key, "")).replace(",", " ").split()) for key in ("include", "exclude"))
    where = str(table.get("where", "")).strip()
    return Packages("" if where == "." else where, include, exclude, namespaces=is_namespaces)
