"""Random templates: the native renderer gives what copier gives, or leaves them to copier."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.parity import RECORD, checkout_of, require_no_other
from support.small_template import SampleFile

# So many templates; with a number in this variable, so many others.
PARITY = int(os.environ.get("PARITY", "0"))

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PARTS = [
    "a",
    "b",
    "c.txt",
    ".d",
    "e f",
    "é",
    "{{ one }}",
    "{{ many[0] }}.x",
    "{% if two %}g{% endif %}",
    "{{ kind }}",
    "~h",
    "{{ _copier_conf.answers_file }}",
    "i.pyc",
]
SNIPPETS = [
    "text\n",
    "  ",
    "\n",
    "\r\n",
    "é\u2028",
    "{{ one }}",
    "{{ kind }}\n",
    "{# no #}\n",
    "{% raw %}{{ x }}{% endraw %}",
    "{% for i in many %}\n  {{ i }}{{ ',' if not loop.last }}\n{% endfor %}\n",
    "{%- if two -%} yes {%- else %} no\n{% endif %}",
    "  {% set x = one ~ kind %}\n{{ x | upper | replace('A', 'b') }}",
    "{{ many | join('-') }}",
    "{{ many | sort | first }}",
    "{% include 'inc/' ~ kind %}",
    "{% include 'inc/none' ignore missing %}",
    "{{ _copier_answers|to_nice_yaml }}\n",
    "{% from 'inc/m' import f %}{{ f(one) }}",
    "{% import 'inc/m' as m with context %}{{ m.f(two) }}",
    "{{ unknown }}",
    "{{ unknown.x }}",
    "{{ one | regex_replace('(.)b', '\\\\1_') }}",
    "{{ {'a': many, one: none} | to_nice_yaml(indent=2) }}",
    "{{ nested | to_yaml }}",
    "{{ nested | tojson }}",
    "{{ nested.k.v | default('w', true) }}",
    "{{ nested | dictsort }}",
    "{{ one.strip().split() }}",
    "{{ 1 / two }}",
    "{{ one[1:] * 2 }}",
    "{{ '%s' % hidden }}",
    "{{ two | int + 1.5 }}",
    "{{ many }}",
    "{% set n = namespace(x=0) %}{% for i in many %}{% set n.x = n.x + loop.index %}{% endfor %}{{ n.x }}",
    "{% macro g(x, y=2) %}<{{ x }}{{ y }}{{ caller() }}>{% endmacro %}{% call g(1) %}{{ one }}{% endcall %}",
    "{% filter indent(2) %}a\nb{% endfilter %}",
    "{% with z = one %}{{ z }}{% endwith %}",
    "{{ nested is mapping }}",
    "{{ 'a' in one }}",
]
PATTERNS = [
    "a",
    "/a",
    "*.txt",
    "!c.txt",
    "b/",
    "**/b",
    "{{ one }}",
    "{% if two %}/b\n/e f{% endif %}",
    "# x",
    "",
    "é",
    ".*",
    "/a/b",
]
CONTENT = st.lists(st.sampled_from(SNIPPETS), max_size=5).map("".join)
TEXT = st.sampled_from(
    ["x", "a b", "", " ", "yes", "1", "é: #", "a/b", "..", "null", "{{ one }}", "a\n", "'", "2024-01-01", "~"]
)
MODE = st.sampled_from(["100644", "100755"])
FILE = st.tuples(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", ".jinja", ".t"]),
    CONTENT,
    MODE,
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "trim_blocks": st.booleans(),
        "lstrip_blocks": st.booleans(),
        "keep_trailing_newline": st.booleans(),
        "undefined": st.sampled_from(["jinja2.Undefined", "jinja2.StrictUndefined"]),
    },
)
CONFIG = st.fixed_dictionaries(
    {},
    optional={
        "_envops": OPTIONS,
        "_exclude": st.lists(st.sampled_from(PATTERNS), max_size=3),
        "_templates_suffix": st.sampled_from([".t", ""]),
        "_subdirectory": st.sampled_from(["sub", "{{ kind }}", "", "./sub/"]),
        "_answers_file": st.sampled_from([".a.yml", "a/b.yaml"]),
    },
)
QUESTIONS = """
one: {type: str, default: DEFAULT, validator: "{{ 'no' if one == '..' }}"}
two: {type: bool, default: "{{ one == 'x' }}"}
many: {type: yaml, default: "[b, {{ one | tojson }}, a]"}
kind: {type: str, choices: [p, q, sub], default: q, when: "{{ two }}"}
nested: {type: json, default: '{"k": {"v": [1, null]}}'}
hidden: {type: str, when: false, default: "{{ one }}{{ kind | upper }}"}
some: {type: int, multiselect: true, choices: "[1, 2, {{ many | length }}]", default: [2, 1]}
"""
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "one": TEXT,
        "two": st.booleans() | TEXT,
        "many": st.lists(TEXT, min_size=1, max_size=3),
        "kind": st.sampled_from(["p", "q", "sub"]),
        "nested": st.dictionaries(TEXT, TEXT, max_size=2),
        "some": st.lists(st.integers(1, 3), max_size=2),
        "old": TEXT,
    },
)
INCLUDED = {
    "inc/p": "p{{ one }}\n",
    "inc/q": "{% if two %}\nq{% endif %}\n",
    "inc/m": "{% macro f(x) %}({{ x }}{{ one }}){% endmacro %}",
    "inc/sub": "",
    "sub/inc": "x",
}


@settings(
    max_examples=PARITY or 60,
    deadline=None,
    derandomize=not PARITY,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(config=CONFIG, default=TEXT, files=st.lists(FILE, min_size=1, max_size=5), answers=ANSWERS)
def test_any_template(config: dict[str, Any], default: str, files: list[Any], answers: dict[str, Any]) -> None:
    """Any mixture of names, contents, settings and answers; an impossible one is left to copier."""
    template: dict[str, str | bytes | SampleFile] = {**RECORD, **INCLUDED}
    prefix = {"sub": "sub/", "./sub/": "sub/", "{{ kind }}": "sub/"}.get(str(config.get("_subdirectory", "")), "")
    for name, suffix, content, mode in files:
        if not any(
            f"{prefix}{name}".startswith(f"{other}/") or other.startswith(f"{prefix}{name}{suffix}/")
            for other in template
        ):
            template[f"{prefix}{name}{suffix}"] = SampleFile(mode, content.encode())
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in config.items()]
    template["copier.yml"] = "".join(lines) + QUESTIONS.replace("DEFAULT", json.dumps(default))
    folder = Path(tempfile.mkdtemp())
    try:
        require_no_other(checkout_of(folder, template), answers)
    finally:
        shutil.rmtree(folder)
