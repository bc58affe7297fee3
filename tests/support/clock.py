"""A fake clock for the rate limit, which moves only when somebody waits."""

from new_ops_project.fleet.publish.rate_limit import Clock


class Time:
    """A fake clock for the rate limit, which moves only when somebody waits."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.at = now
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.at += seconds

    @property
    def clock(self) -> Clock:
        """This clock in the form that the rate limit takes."""
        return Clock(lambda: self.at, self.sleep)
