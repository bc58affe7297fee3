"""The rules of `check`, with the engine that runs them."""
