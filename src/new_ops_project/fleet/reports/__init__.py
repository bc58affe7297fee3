"""What came of a rollout, as facts, and the shapes in which people and programs read them."""
