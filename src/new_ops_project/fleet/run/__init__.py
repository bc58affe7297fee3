"""The run of a fleet: plan, worker processes, results."""
