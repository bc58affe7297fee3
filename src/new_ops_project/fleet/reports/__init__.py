"""Reports of a rollout: its facts, in every format that people or programs read."""
