"""A project's pending change, concluded or taken back as its owner asks for."""

from pathlib import Path

from new_ops_project import git
from new_ops_project.base.report import Voice
from new_ops_project.git import urls
from new_ops_project.plan.destinations import conclude, take_back
from new_ops_project.plan.request import Destination, Outcome
from new_ops_project.project import generated


def take_up(path: Path, way: Destination, voice: Voice, *, resume: bool) -> Outcome:
    """--continue or --abort, for the project in `path`."""
    git.require_found()
    where, _, _ = generated.find(urls.expanded(path))
    return conclude(where, way, voice) if resume else take_back(where, way, voice)
