"""What a repository's own files say that answers a template's questions."""
