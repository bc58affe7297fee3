"""templates/pins.yml and templates/locks.yml: read, compared with upstream, rewritten."""

from new_ops_project.template.pins.pins_yml import Action, Container, Pins, PythonPin, Requirement, read, shipped

__all__ = ["Action", "Container", "Pins", "PythonPin", "Requirement", "read", "shipped"]
