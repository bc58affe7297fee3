"""One file per verb: its options, the typed function, what it prints. Verbs never import each other."""
