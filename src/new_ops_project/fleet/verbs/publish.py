"""`fleet publish`: the commits of a run, delivered no faster than the forge allows."""

from new_ops_project import git
from new_ops_project.fleet.publish import publisher
from new_ops_project.fleet.publish.publisher import OnEvent, Published, PublishRequest
from new_ops_project.fleet.publish.rate_limit import Clock


def publish(request: PublishRequest, on_event: OnEvent) -> Published:
    """Deliver what is ready; `on_event` is called with each event.

    Raises ToolError where nothing can be started: no plan, another publisher, no program for the forge.
    """
    git.require_on_path()
    return publisher.publish(request, on_event, Clock())
