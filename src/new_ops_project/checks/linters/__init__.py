"""One file for each linter that looks for us: what it is asked, and how its answer is read."""
