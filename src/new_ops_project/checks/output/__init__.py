"""Formats of findings: text, SARIF, GitHub annotations, Markdown."""
