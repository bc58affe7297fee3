"""Formats of findings: text, JSON, SARIF, GitHub annotations, Markdown."""
