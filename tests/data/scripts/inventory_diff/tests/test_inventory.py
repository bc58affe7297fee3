"""What the team tested by hand until now."""
from unittest.mock import Mock, patch

import inventory_diff
from inventory_diff import compare, exit_code
from inventory_io import Host


def test_added():
    changes = compare([], [Host("web1")])
    assert changes == [{"host": "web1", "kind": "added"}]
    assert exit_code(changes, ["removed"]) == 0


@patch("inventory_diff.load")
def test_run(load: Mock, capsys):
    load.return_value = []
    options = inventory_diff.arguments(["a", "b"])
    assert inventory_diff.run(options) == 0
    assert capsys.readouterr().out == "no changes\n"
