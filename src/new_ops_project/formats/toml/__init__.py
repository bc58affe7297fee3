"""Two or three files of one kind become one: TOML by key, lists by line, requirements by package."""
