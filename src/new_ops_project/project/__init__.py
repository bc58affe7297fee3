"""What happens to one generated project over its life, from its creation to its last update."""
