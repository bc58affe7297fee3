"""The pins and locks of a template: reading, comparing with upstream, rewriting."""

from new_ops_project.template.pins.pins_yml import Action, Container, OfferedPackage, Pins, PythonPin, read, shipped

__all__ = ["Action", "Container", "OfferedPackage", "Pins", "PythonPin", "read", "shipped"]
