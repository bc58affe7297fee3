"""What a clone of a repository asks for, and what is there of it: read from its files, nothing is run."""
