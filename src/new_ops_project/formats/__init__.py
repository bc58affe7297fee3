"""What a repository says of itself, read from its files; nothing of it is run."""
