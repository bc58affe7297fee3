"""What every other package builds on, with no knowledge of git, templates or projects."""
