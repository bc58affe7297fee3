"""Many repositories of one template: which, what becomes of each, and how that is delivered."""
