"""The linters that rules read, each in a module whose `report` runs it."""
