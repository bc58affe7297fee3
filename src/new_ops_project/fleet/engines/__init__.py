"""What runs a fleet on machines of a forge: GitHub Actions, or Renovate; each engine is some files and next steps."""
