"""The fleet: many repositories that are generated from the same template."""
