"""Plan which backups stay: some daily ones, some weekly ones, some monthly ones."""

import logging
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click

logger = logging.getLogger("backup-plan")


class Day(click.ParamType):
    """A date as ISO has it."""

    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Parse it, or fail as click does."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date", param, ctx)


def newest(days: Iterable[date], bucket: str, count: int) -> set[date]:
    """The newest backup of each of the newest `count` buckets (a strftime format)."""
    found: dict[str, date] = {}
    for day in sorted(days, reverse=True):
        found.setdefault(day.strftime(bucket), day)
    return set(list(found.values())[:count])


def keep(days: Iterable[date], *, daily: int, weekly: int, monthly: int) -> set[date]:
    """Which backups stay."""
    every = list(days)
    return (
        newest(every, "%Y-%m-%d", daily)
        | newest(every, "%G-%V", weekly)
        | newest(every, "%Y-%m", monthly)
    )


@click.command()
@click.argument("backups", nargs=-1, type=Day())
@click.option("--daily", type=click.IntRange(min=0), default=7, show_default=True)
@click.option("--weekly", type=click.IntRange(min=0), default=4, show_default=True)
@click.option("--monthly", type=click.IntRange(min=0), default=6, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Write the plan there.")
@click.option("--dry-run", is_flag=True, help="Write nothing.")
@click.pass_context
def plan(
    ctx: click.Context,
    backups: tuple[date, ...],
    daily: int,
    weekly: int,
    monthly: int,
    out: Path | None,
    dry_run: bool,
) -> None:
    """Say which of BACKUPS stay and which go."""
    if not backups:
        click.echo("no backups: is the job running?", err=True)
        ctx.exit(5)
    stay = keep(backups, daily=daily, weekly=weekly, monthly=monthly)
    lines = [f"{'keep' if day in stay else 'drop'} {day}" for day in sorted(set(backups))]
    for line in lines:
        click.secho(line, fg="green" if line.startswith("keep") else "red")
    if out and not dry_run:
        out.write_text("\n".join(lines) + "\n")
    click.echo(f"{len(stay)} stay", err=True)


if __name__ == "__main__":
    plan()
