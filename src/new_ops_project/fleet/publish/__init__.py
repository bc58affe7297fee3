"""Delivery of a fleet's commits: to branches of clones, to branches of remotes, as pull requests."""
