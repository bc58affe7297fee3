"""The repositories of a fleet: where they are, which projects they hold, which template each project records."""
