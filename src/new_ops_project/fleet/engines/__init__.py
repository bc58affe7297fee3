"""The engines that run a fleet: files for GitHub Actions or Renovate, each with its next steps."""
