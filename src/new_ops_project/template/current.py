"""The template in use, with its versions."""

from dataclasses import dataclass

from new_ops_project.base import config
from new_ops_project.template import releases, sources


@dataclass(frozen=True)
class CurrentTemplate:
    """A template: where it is, why it is the one, and its versions, newest first."""

    source: str
    name: str
    reason: str
    versions: tuple[str, ...]


def find(option: str | None = None) -> CurrentTemplate:
    """The template in use; `option` is that of --template. Raises ToolError when it cannot be reached."""
    source = sources.find(option)
    return CurrentTemplate(source.location, source.name, source.reason, tuple(releases.versions(source)))


def publish(url: str) -> CurrentTemplate:
    """Push every version of the embedded template to the git server, then write the address to the config.

    Raises ToolError when the push is refused; then the config stays as it was.
    """
    source = sources.publish(url)
    config.write("template", source.location)
    versions = releases.versions(sources.find(sources.EMBEDDED))
    return CurrentTemplate(source.location, source.name, source.reason, tuple(versions))
