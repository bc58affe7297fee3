"""Hostile files for the fuzz test: valid ones whose grammar is bent, and bytes of any kind."""

import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

import tomli_w
import yaml
from hypothesis import strategies as st

# ---- fragments that parsers, regular expressions and terminals do not like -------------------------------------------

ANY = (
    *(
        "",
        "\0",
        "\x1b]0;x\x07",
        "\x85",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\U0010ffff",
        "\udc80",
        "ß",
        "🙂",
        "\\",
        "\t",
        "\r",
    ),
    *(
        "1" * 5_000,
        "-1",
        "1e999",
        "0x" + "f" * 2_000,
        "9" * 400,
        "nan",
        "..",
        "../" * 50,
        "/",
        "~",
        "%s{}",
        "x" * 20_000,
    ),
    *("(" * 3_000, "[" * 3_000, "{" * 3_000, "[" * 90 + "]" * 90, "a." * 2_000 + "a", "a-" * 3_000, " " * 5_000 + "x"),
    *(
        "'",
        '"',
        "'''",
        '"""',
        "`",
        "$(x)",
        "${{ a.b }}",
        "{{ x }}",
        "{% for",
        "{#",
        "<<<<<<<",
        "#",
        ";",
        ",",
        "=",
        "==",
    ),
)
YAML = (
    *(
        "&x [*x]",
        "*x",
        "&x",
        "<<: *x",
        "<<: 5",
        "<<: [{a: 1}, 5]",
        "!!int x",
        "!!float ''",
        "!!timestamp x",
        "!!binary é",
    ),
    *(
        "!!set {a}",
        "!!omap [a]",
        "!!python/name:os.system",
        "!x y",
        "? [a]\n: b",
        "2020-13-45",
        "1:2:3",
        "=",
        "~",
        "|9",
    ),
    *(
        ">-\n  x",
        "%YAML 9.9\n---",
        "---\na: 1\n---",
        "...",
        "{a: {b: {c: []}}}",
        "- " * 300 + "x",
        "'a\n b'",
        "\\ud83d",
    ),
    *("- a\n- b", "null", "yes", "[]", "{}", "[[]]", "[null]", "{1: 2}", "{null: 1}", "{[a]: 1}", '"\\x00"', "0o17"),
    "&a [x]\n" + "".join(f"{to}: &{to} [{f'*{name},' * 10}]\n" for name, to in pairwise("abcdefgh")),
)
TOML = (
    *(
        "[a]\n[a]",
        "[[a]]\n[a]",
        "a.b = 1\na = 2",
        "x = [" * 400,
        "x = 2020-13-45",
        "x = 25:00:00",
        "x = inf",
        "x = +nan",
    ),
    *('x = """', "x = '''a", 'x = "\\ud800"', "x = {a = 1,}", "x = [1, 'a', {}]", "[project]", "[tool]", "tool = 1"),
    *("project = []", "[[project]]", "[tool.uv]\nsources = 5", "x = 0x_1", "x = true\r", "'' = 1", '"a b".c = 1'),
)
INI = (
    *(
        "[metadata]\n[metadata]",
        "x\n",
        "  continued",
        "[",
        "[]",
        "]",
        "= x",
        ": x",
        "[a]\nb = %(b)s",
        "[options]\nx = 1\nX = 2",
    ),
    *(
        "[options]\ninstall_requires =\n    a[\n    b ; c",
        "[options.extras_require]\nx:\n",
        "name = file: x",
        "x = attr: a.b",
    ),
)
PYTHON = (
    *(
        "import " + "a." * 500 + "b",
        "x = " + "(" * 200 + ")" * 200,
        "def f(" * 50,
        "if x:\n" * 3,
        "lambda: " * 500 + "0",
    ),
    *(
        "setup(**setup)",
        "setup(name=name)",
        "setup(install_requires=open('x').read())",
        "setup(version=f'{x}')",
        "print('x'",
    ),
    *(
        "-" * 3_000 + "1",
        "1+" * 3_000 + "1",
        "x = 0" + "7" * 50,
        "def f():\n\treturn\n        pass",
        "# coding: utf-99\n",
        "a" + ".a" * 900,
    ),
    *(
        "from . import x",
        "from .... import *",
        "import subprocess; subprocess.run('x', shell=True)",
        "match x:\n case _: pass",
    ),
    *(
        "async def f(): await x",
        "class A(A): pass",
        "x: int = 5",
        "exec('x')",
        "try: pass\nexcept: pass",
        "b'\\xff'",
        "f'{x!r:{y}}'",
    ),
)
REQUIREMENTS = (
    *(
        "a==" + "1." * 1_500 + "0",
        "a==" + "1" * 5_000,
        "a @ git+https://x/y",
        "a[" + "b," * 500 + "b]",
        "-r requirements.txt",
    ),
    *(
        "-r missing.txt",
        "-c .",
        "-e .",
        "--hash=sha256:x",
        "a==1 \\",
        "a ; python_version < '3' and (" * 50,
        "a>=1,<1,!=1.*",
    ),
    *(
        "a;" + "(" * 900 + "python_version<'3'" + ")" * 900,
        "a===x",
        "a~=1",
        "--index-url http://u:p@x",
        "./x.whl",
        "a==1.*.*",
    ),
)
DOCKER = (
    *(
        "FROM",
        "FROM python",
        "FROM python:3.12 AS",
        "FROM ${X}",
        "RUN \\\n\\\n\\",
        "ARG X=${X}",
        "COPY --from=0 . .",
        "RUN <<E\nx\n",
    ),
    *(
        'CMD ["a"',
        "CMD [a]",
        "ENTRYPOINT " + "[" * 500,
        "FROM python:3.12@sha256:x",
        "# syntax=x",
        "ENV A",
        "FROM python:" + "9" * 500,
    ),
)
JINJA = (
    *(
        "{% if a %}" * 400 + "{% endif %}" * 400,
        "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
        "{{ a.b.c }}",
        "{% raw %}",
    ),
    *(
        "{% include 'copier.yml' %}",
        "{% extends self %}",
        "{% import 'x' as y %}",
        "{{ 1/0 }}",
        "{{ [].pop() }}",
        "{{ _copier_conf }}",
    ),
    *(
        "{{ " + "1" * 5_000 + " }}",
        "{{ 'x'.__class__ }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ x|nofilter }}",
    ),
    *(
        "{{ '%s'|format(1, 2) }}",
        "{{ range(10)|list }}",
        "{% for a in b %}",
        "{{ a|to_nice_yaml }}",
        "{{ UNSET }}",
        "{{ now() }}",
    ),
    *(
        "{% set ns = namespace(a=1) %}",
        "{{ '\\ud800' }}",
        "{{ '2' | int('x') }}",
        "{{ 'a' is x }}",
        "{{ 'a' | from_json }}",
    ),
)
GITIGNORE = (
    "[",
    "[a-",
    "!",
    "**/**",
    "a/**b",
    "\\",
    "/",
    "!!",
    "[]]",
    "[!]",
    "***",
    "a" * 300 + "/",
    "{a,b}",
    "?" * 200,
    "*a" * 40 + "b",
)
COPIER = (
    *(
        "_exclude: 5",
        "_exclude: [5]",
        "_exclude: ['{{ x']",
        "_envops: {block_start_string: '{{'}",
        "_envops: 5",
        "_subdirectory: ../x",
    ),
    *(
        "_envops: {variable_start_string: ''}",
        "_templates_suffix: ''",
        "_tasks: [[]]",
        "_tasks: 5",
        "_migrations: [{version: []}]",
    ),
    *(
        "--- !include copier.yml",
        "--- !include '**'",
        "a: !include x.yml",
        "_answers_file: ../../x",
        "_min_copier_version: 99",
    ),
    *(
        "_secret_questions: {a: b}",
        "_skip_if_exists: ['[']",
        "_jinja_extensions: [os.path]",
        "_external_data: {a: /etc/passwd}",
    ),
    *(
        "a: {type: x}",
        "a: {choices: 5}",
        "a: {choices: [[a, b, c]]}",
        "a: {choices: {a: {}}}",
        "a: {when: []}",
        "a: {validator: 5}",
    ),
    *(
        "a: {default: {b: c}, type: int}",
        "a: {type: yaml, default: '[*x]'}",
        "a: {type: json, default: '[[['}",
        "a: {multiselect: true}",
    ),
    *(
        "a: {type: float, default: 1e999}",
        "a: {choices: '{{ b }}'}",
        "a: {help: [1]}",
        "_message_after_copy: {a: b}",
        "1: 2",
        "? [a]\n: b",
    ),
)

# ---- values of any type ---------------------------------------------------------------------------------------------

_SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 10**30, 10**4_000, 1.5, float("inf"), float("nan"), date(1, 1, 1), b"x"]),
    st.sampled_from([each for each in (*ANY, *YAML, *JINJA, *REQUIREMENTS) if len(each) < 6_000]),
    st.text(max_size=8),
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=6), st.integers(0, 3)), inner, max_size=3),
    ),
    max_leaves=6,
)


def _replaced(value: Any, path: list[int], new: Any) -> Any:
    """`value` with `new` at a place in it, which the numbers lead to."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[path[0] % len(keys)]
    changed = _replaced(value[key], path[1:], new)
    if isinstance(value, dict):
        return {**value, key: changed}
    return [*value[:key], changed, *value[key + 1 :]]


def _toml(value: Any) -> str:
    return tomli_w.dumps(json.loads(json.dumps(_without_none(value), default=str)))


def _without_none(value: Any) -> Any:
    """What TOML can hold of it."""
    if isinstance(value, dict):
        return {str(key): _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value if item is not None] if isinstance(value, list) else value


FORMATS: Mapping[str, tuple[Callable[[str], Any], Callable[[Any], str]]] = {
    "yaml": (yaml.safe_load, lambda value: str(yaml.safe_dump(value, allow_unicode=True))),
    "toml": (lambda text: yaml.safe_load(json.dumps(tomllib.loads(text), default=str)), _toml),
    "json": (json.loads, lambda value: json.dumps(value, default=str)),
}

# ---- files ----------------------------------------------------------------------------------------------------------


@st.composite
def _edited(draw: st.DrawFn, seed: str, fragments: tuple[str, ...]) -> str:
    """The seed with a few lines inserted, replaced, removed, repeated, indented, or given another value."""
    lines = seed.split("\n")
    for kind, place, fragment in draw(
        st.lists(
            st.tuples(st.integers(0, 6), st.integers(0, 10_000), st.sampled_from(fragments)), min_size=1, max_size=4
        )
    ):
        number = place % len(lines)
        line = lines[number]
        head = line[: max(line.find(":"), line.find("=")) + 1]
        lines[number : number + 1] = {
            0: [fragment, line],
            1: [line, fragment],
            2: [f"{head} {fragment}"],
            3: [line[: place % (len(line) + 1)] + fragment + line[place % (len(line) + 1) :]],
            4: [],
            5: [line, line],
            6: [f"  {line}"],
        }[kind] or [""]
    return "\n".join(lines)


@st.composite
def _restructured(draw: st.DrawFn, seed: str, form: str) -> str:
    """The seed with a value of any type somewhere in it."""
    read, write = FORMATS[form]
    value = read(seed)
    for path, new in draw(
        st.lists(st.tuples(st.lists(st.integers(0, 40), max_size=5), _VALUES), min_size=1, max_size=3)
    ):
        value = _replaced(value, path, new)
    try:
        return write(value)
    except (ValueError, TypeError, AttributeError, UnicodeError, yaml.YAMLError):
        return repr(value)


_ENCODINGS: tuple[Callable[[str], bytes], ...] = (
    *(lambda text: text.encode("utf-8", "surrogatepass"),) * 12,
    lambda text: b"\xef\xbb\xbf" + text.encode("utf-8", "surrogatepass"),
    lambda text: text.replace("\n", "\r\n").encode("utf-8", "surrogatepass"),
    lambda text: text.replace("\n", "\r").encode("utf-8", "surrogatepass"),
    lambda text: text.encode("utf-16", "surrogatepass"),
    lambda text: text.encode("utf-32-le", "surrogatepass"),
    lambda text: text.replace("a", "é").encode("latin-1", "replace"),
    lambda text: text.encode("utf-8", "surrogatepass")[: len(text) * 2 // 3],
    lambda text: text.encode("utf-8", "surrogatepass").replace(b"\n", b"\0\n", 3),
)


# What makes a reader that looks for an end, from each place again, take quadratic time.
_PIECES = (
    *(
        "${{ ",
        "${{ secrets",
        "$(",
        "{{ ",
        "{% if a %}",
        "{#",
        '"',
        "'",
        "(",
        "[",
        "{",
        "<",
        "<<x ",
        "`",
        "\\",
        "#",
        "# ",
    ),
    *(
        "a",
        "a.",
        "a, ",
        "a=",
        "a && ",
        "a | ",
        "- ",
        "-r ",
        "*",
        "*/",
        "../",
        "!a ",
        "&a ",
        "*a ",
        ">=1,",
        ";",
        "%",
        " ",
    ),
    *(
        "\n",
        "a\n",
        "\\\n",
        "- a\n",
        "[a]\n",
        "RUN a\n",
        "if a:\n ",
        "try:\n pass\nexcept:\n pass\n",
        "uvx ",
        "import a\n",
    ),
)
_LONG = (
    *(piece * (40_000 // len(piece)) for piece in _PIECES),
    f"{'a.' * 20_000}a=1",
    f"['{'a' * 9}'{'.a' * 20_000}]",
    "a={" * 20_000,
)


def contents(seed: str, fragments: tuple[str, ...], form: str = "") -> st.SearchStrategy[bytes]:
    """The bytes of a file of the kind of `seed`."""
    texts = [_edited(seed, (*fragments, *fragments, *ANY))]
    texts += [_restructured(seed, form)] if form else []
    encoded = st.builds(lambda text, encode: encode(text), st.one_of(*texts), st.sampled_from(_ENCODINGS))
    return st.one_of(
        *[encoded] * 12,
        _edited(seed, _LONG).map(str.encode),
        st.binary(max_size=200),
        st.sampled_from(fragments).map(lambda each: each.encode("utf-8", "surrogatepass")),
    )
