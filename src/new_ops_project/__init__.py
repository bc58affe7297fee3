"""new-ops-project starts Python projects for operations teams and keeps them fresh."""

__version__ = "0.1.0"
