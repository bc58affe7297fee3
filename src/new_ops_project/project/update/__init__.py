"""The update of a project to another version of its template."""
