"""A clone on this machine: what it needs, what it has, how it becomes ready for work."""
