"""The files that an installation of the tool brings along."""

from pathlib import Path

DATA = Path(__file__).parents[1] / "data"  # the files that the wheel has beside its code


def editable_checkout() -> Path | None:
    """The checkout that an editable install runs from; its template is newer than the one in the wheel."""
    root = Path(__file__).parents[3]
    return root if (root / "copier.yml").is_file() and (root / "templates").is_dir() else None
