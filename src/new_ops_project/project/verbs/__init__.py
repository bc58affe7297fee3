"""The verbs that change a project, each from what was asked for to its outcome."""
