"""The versions that a template pins."""

from new_ops_project.template.pins.pins_yml import Action, Container, OfferedPackage, Pins, PythonPin, read, shipped

__all__ = ["Action", "Container", "OfferedPackage", "Pins", "PythonPin", "read", "shipped"]
