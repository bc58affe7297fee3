"""The adoption of an existing repository by a template."""
