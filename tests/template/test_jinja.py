"""The filters of copier that templates find in our own environment."""

from pathlib import PurePath

import pytest

from new_ops_project.template.jinja import Templates


def test_path_as_json() -> None:
    """A path, which only `_copier_conf` holds, is a text in JSON, also inside of a mapping."""
    templates = Templates({}, {}, {}, root=None)
    filters = templates.environment.filters
    assert filters["to_json"]({"src_path": PurePath("a/b")}) == '{"src_path": "a/b"}'
    with pytest.raises(TypeError, match="set cannot be written as JSON"):
        filters["to_json"]({"x"})
