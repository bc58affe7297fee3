"""A run of `template pins`: the comparison with upstream, then the new files."""

from pathlib import Path

from new_ops_project import git
from new_ops_project.base.progress import Progress
from new_ops_project.template.pins import files, report, upstream
from new_ops_project.template.pins.report import PinsReport
from new_ops_project.template.pins.upstream import UpstreamQuery


def run(folder: Path, query: UpstreamQuery, progress: Progress, *, write: bool = False) -> PinsReport:
    """Compare the pins of the template in `folder` with upstream; with `write`, rewrite them.

    Raises ToolError where there is no template, and for files that cannot be read, rewritten or written.
    """
    git.require_on_path()
    folder = folder.absolute()
    pinned = upstream.read(folder)
    comparison = upstream.compare(pinned, query, progress)
    if comparison.broken:
        return report.incomplete(folder, comparison, write=write)
    texts = upstream.texts(pinned, comparison, query)
    if write and texts:
        upstream.require_unchanged(pinned)
        files.replace_all(texts)
    return report.complete(folder, comparison, upstream.changes(pinned, texts), write=write)
