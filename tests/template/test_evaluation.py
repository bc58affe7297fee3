"""Questions mean what they mean to copier: random ones, and the cases that were once read otherwise."""

import datetime as dt
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from new_ops_project.base.errors import ToolError
from new_ops_project.template import copier_yml
from new_ops_project.template.evaluation import Answers

# So many questionnaires; with a number in this variable, so many others.
PARITY = int(os.environ.get("PARITY", "0"))
NAMES = ["a", "b", "c", "d"]
ABSENT = "(none)"

TYPES = st.sampled_from(["str", "int", "float", "bool", "yaml", "json", "path", "{{ 'in' ~ 't' }}", "url"])
WORDS = st.sampled_from(
    [
        *["x", "x\n", "a b", "", " ", "é", "a/b", "yes", "No", "ON", "T", "f", "maybe"],
        *["1", "0", "0.0", "-2", "1e3", "nan", "null", "~", "None", "2024-01-01"],
        *["[x, y]", "['1', \"2\"]", "[[1], {k: v}]", "{k: 1}", "a: b: c", "'quoted'", "[", "{"],
    ]
)
VALUES = st.one_of(
    WORDS,
    st.sampled_from([0, 1, -3, 2.5, 0.0, True, False, None, dt.date(2024, 1, 1)]),
    st.lists(st.sampled_from(["x", "y", "1", 1, 2, True, None, ["x"]]), max_size=3),
    st.dictionaries(st.sampled_from(["k", "x"]), st.sampled_from([1, "v", None]), max_size=2),
)
TEXTS = st.sampled_from(
    [
        *["{{ a }}", "{{ b }}", "{{ a ~ d }}", "{{ c | default('w', true) }}", "{{ a | int + 1 }}", "{{ a == 'x' }}"],
        *["{{ a | lower }}", "{% if b %}x{% endif %}", "{{ [1, 2] }}", "{{ a | bool }}", "{{ a | ternary('x', 'y') }}"],
        *["{{ [a, 'x'] | to_json }}", "{{ '[x]' | from_json }}", "{{ '{\"k\": 1}' | from_json }}"],
        *["{{ {'k': [1]} | to_nice_yaml }}", "{{ 'x' | hash('sha1') }}", "{{ pathjoin('a', 'b') }}"],
        *["{{ a | string | regex_replace('x', 'y') }}", "{{ a | regex_replace('1', 'y') }}"],
        *["{{ 'aXb' | regex_search('x', ignorecase=true) }}", "{{ 'ab' | regex_search('(a)b', '\\\\1') }}"],
        *[
            "{{ a | string | regex_findall('[a-z]') }}",
            "{{ UNSET }}",
            "{{ e }}",
            "{{ e.f }}",
            "{{ 1 / 0 }}",
            "{{",
            "{# #}",
        ],
    ]
)
WHEN = st.one_of(st.booleans(), WORDS.filter(lambda word: word != "x\n"), TEXTS)
PLAIN_CHOICE = st.sampled_from(["x", "y", "1", 1, 2, 2.5, True, "", "{{ a }}", "[x]"])
FULL_CHOICE = st.fixed_dictionaries(
    {"value": PLAIN_CHOICE}, optional={"validator": st.sampled_from(["", "no", "{% if a %}no{% endif %}", "{{ b }}"])}
)
CHOICES = st.one_of(
    st.lists(
        st.one_of(PLAIN_CHOICE, st.tuples(st.sampled_from(["l", 1]), st.one_of(PLAIN_CHOICE, FULL_CHOICE)).map(list)),
        max_size=4,
    ),
    st.dictionaries(st.sampled_from(["one", "two", "{{ a }}", 3]), st.one_of(PLAIN_CHOICE, FULL_CHOICE), max_size=3),
    st.sampled_from(
        [
            "[x, y, 1]",
            "{one: x, two: {value: y, validator: '{{ a }}'}}",
            "{{ ['x', a] }}",
            "{% for i in 'xy' %}- {{ i }}\n{% endfor %}",
            "x",
            "",
        ]
    ),
)
DETAILS = st.fixed_dictionaries(
    {},
    optional={
        "type": TYPES,
        "default": st.one_of(VALUES, TEXTS),
        "choices": CHOICES,
        "multiselect": st.booleans(),
        "when": WHEN,
        "validator": st.one_of(
            TEXTS, st.sampled_from(["", "no", "{% if not a %}no{% endif %}", "{{ 'no' if c == 1 }}"])
        ),
        "multiline": st.one_of(st.booleans(), TEXTS),
        "help": TEXTS,
    },
)
QUESTION = st.one_of(DETAILS, DETAILS, VALUES.filter(lambda value: not isinstance(value, dict)))
QUESTIONS = st.lists(QUESTION, min_size=1, max_size=4).map(lambda entries: dict(zip(NAMES, entries, strict=False)))


def by_copier(
    config: dict[str, Any], data: dict[str, Any], folder: Path
) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The answers that copier records, and every value as Python writes it; None if it refuses."""
    template, project = folder / "template", folder / "project"
    (template / "files").mkdir(parents=True)
    (template / "copier.yml").write_text(yaml.safe_dump({"_subdirectory": "files", **config}, sort_keys=False))
    (template / "files" / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers | to_nice_yaml }}")
    for name in NAMES:
        text = f"{{{{ '%r' | format([{name} if {name} is defined else '{ABSENT}']) }}}}"
        (template / "files" / f"{name}.jinja").write_text(text)
    try:
        copier.run_copy(str(template), project, data=data, defaults=True, quiet=True, settings=copier.Settings())
    except Exception:  # noqa: BLE001 - copier refuses by errors of many types
        return None
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text())
    recorded.pop("_src_path")
    return recorded, {name: (project / name).read_text() for name in NAMES}


def by_ourselves(folder: Path, data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The same from our reading of the template in `folder`."""
    answers = Answers(copier_yml.read(folder / "template"))
    try:
        answers.complete(data)
    except ToolError:
        return None
    kept = (dict, list, str, int, float, bool, type(None))
    recorded = {name: value for name, value in answers.recorded.items() if isinstance(value, kept)}
    dumped = yaml.safe_load(yaml.dump(recorded, allow_unicode=True))
    return dumped or {}, {name: repr([answers.values.get(name, ABSENT)]) for name in NAMES}


def require_same(config: dict[str, Any], data: dict[str, Any]) -> None:
    """Assert that both readings agree: the same answers, or both refuse."""
    folder = Path(tempfile.mkdtemp())
    try:
        expected = by_copier(config, data, folder)
        actual = by_ourselves(folder, data)
        assert repr(actual) == repr(expected)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    "config",
    [
        {"a": {"type": "int", "default": 3}, "b": {"type": "str", "default": "x", "when": "{{ a }}"}},
        {"a": {"type": "float", "default": 0.0}, "b": {"type": "str", "default": "x", "when": "{{ a }}"}},
        {"a": {"type": "str", "default": "x", "when": "maybe"}},
        {"a": {"type": "bool", "default": "maybe"}, "b": {"type": "bool", "default": "-1"}},
        {"a": {"type": "yaml", "default": "'[1]'"}, "b": {"type": "json", "default": '["1"]'}},
        {"a": {"type": "yaml", "multiselect": True, "choices": [1, "1"], "default": "['1']"}},
        {"a": {"type": "str", "default": "{{ b }}"}, "b": {"type": "str", "default": "y"}},
        {"a": {"type": "str", "default": "{{ UNSET }}", "when": False}, "b": "{{ a is defined }}"},
        {"a": {"type": "int", "choices": {"x": {"value": "1", "validator": "{{ 'no' if b else '' }}"}}, "default": 1}},
    ],
)
@pytest.mark.parametrize("data", [{}, {"a": "0", "b": ""}, {"b": "x"}])
def test_read_as_copier_reads_it(config: dict[str, Any], data: dict[str, Any]) -> None:
    """Casts, the truth of every type, defaults and choices that are evaluated."""
    require_same(config, {name: value for name, value in data.items() if name in config})


@pytest.mark.slow
@settings(
    max_examples=PARITY or 250,
    derandomize=not PARITY,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(
    questions=QUESTIONS,
    data=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=2),
    undefined=st.sampled_from(["jinja2.Undefined", "jinja2.StrictUndefined"]),
)
def test_random_questions(questions: dict[str, Any], data: dict[str, Any], undefined: str) -> None:
    """Random questions and answers: what copier makes of them, we make of them."""
    known = {name: value for name, value in data.items() if name in questions}
    require_same({"_envops": {"undefined": undefined}, **questions}, known)
