"""Readers of the file formats in a repository: they return values with places, running none of its code."""
