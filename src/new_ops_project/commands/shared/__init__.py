"""What several verbs have in common on the command line."""
