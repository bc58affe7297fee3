"""The steps of `promote`: the code of a project moves into the layout of a higher tier."""

from collections.abc import Callable
from pathlib import Path

from new_ops_project.base.errors import ToolError
from new_ops_project.plan import branch_names, delivery, summary
from new_ops_project.plan.destination import Destination, Purpose
from new_ops_project.plan.model import Plan
from new_ops_project.plan.outcome import Outcome
from new_ops_project.plan.project_place import ProjectPlace
from new_ops_project.project import generated
from new_ops_project.project.promotion import planner
from new_ops_project.project.promotion.planner import Promotion


def promote(
    path: Path,
    destination: Destination,
    *,
    tier: str | None,
    command: str | None,
    offline: bool,
    show: Callable[[Promotion, Plan], None],
) -> Outcome:
    """Compute the promotion of one project and deliver it; `show` sees what will happen before anything moves.

    Raises ToolError, with nothing moved, for everything that a person can fix.
    """
    repository, prefix, answers_file = generated.find(path, planner.tiered(path), verb="promote")
    place = ProjectPlace(repository.root, prefix, answers_file)
    with delivery.begun(repository, destination, place, to=tier) as status:
        if isinstance(status, Outcome):
            return status
        project = generated.read(repository, prefix, answers_file, status)
        tier = planner.next_tier(project, tier)
        if command and tier != "cli":
            raise ToolError(f"A {tier} has no command that --command {command} could name.", "Leave it out.")
        delivery.require_room(destination, repository, status, prefix)
        promotion = planner.prepare(project, tier, command=command, offline=offline)
        with planner.planned(promotion) as plan:
            show(promotion, plan)
            return delivery.deliver(plan, destination, status, _purpose(promotion, plan, destination, place))


def _purpose(promotion: Promotion, plan: Plan, destination: Destination, place: ProjectPlace) -> Purpose:
    facts = planner.facts(promotion)
    details = {
        **facts,
        **summary.as_json(plan, texts=destination.texts),
        "answers": summary.answers_as_json(promotion.migrated.changes),
    }
    source = promotion.update.after.source.name
    origin = f"From {facts['from']}, with {source} {facts['version']}, by new-ops-project promote."
    branch = branch_names.usual(facts["to"], place.prefix, place.answers_file)
    return Purpose(f"Promote to {facts['to']}\n\n{origin}", branch, details, place)
