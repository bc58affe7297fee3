"""The rules of check, grouped by what they read, and what runs them."""
