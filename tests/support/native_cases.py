"""Small templates for the native renderer, by how far it gets with them."""

import os

from support.parity import RECORD, Files
from support.small_template import SampleFile

QUESTION = "name:\n  type: str\n  default: audit\n"

SAME: dict[str, Files] = {
    "no record": {"copier.yml": QUESTION, "a.txt.jinja": "{{ name }}"},
    "both with and without suffix": {"copier.yml": QUESTION, "a": "plain", "a.jinja": "{{ name }}"},
    "both in a subfolder": {
        "copier.yml": f"_subdirectory: sub\n{QUESTION}",
        "sub/a": "plain",
        "sub/a.jinja": "{{ name }}",
    },
    "record after an entry": {
        "copier.yml": QUESTION,
        **dict.fromkeys(RECORD, "a: 1\n{{ _copier_answers|to_nice_yaml -}}\n"),
    },
    "hidden, and refused": {
        "copier.yml": "name: {type: str, default: x, when: false, validator: \"{{ 'no' if name == 'b' }}\"}\n",
        **RECORD,
    },
    "a choice that is not to be had": {
        "copier.yml": f"{QUESTION}c:\n  choices: {{x: {{value: x, validator: \"{{{{ 'no' if name == 'b' }}}}\"}}}}\n"
        "  default: x\n",
        **RECORD,
    },
    "carriage returns": {"copier.yml": 'a: "x\\r\\ny"\nb: "z\\r"\n', "a.jinja": "{{ a }}{{ b }}", **RECORD},
    "letters of either case": {
        "copier.yml": QUESTION,
        "a.jinja": "{{ 'aXx' | regex_replace('x', '-', ignorecase=true) }}",
    },
    "sibling of a rendered name": {"copier.yml": QUESTION, "{{ name }}": "plain", "audit.jinja": "x"},
    "empty names": {"copier.yml": QUESTION, "{% if 0 %}a{% endif %}/b": "x", "c/{{ '' }}.jinja": "x", "d/e": "x"},
    "slashes in names": {"copier.yml": "p: a/b\nq: ./e\n", "{{ p }}/{{ p ~ p }}.jinja": "x", "{{ q }}": "y"},
    "suffix of its own": {"copier.yml": f"_templates_suffix: .t\n{QUESTION}", "a.t": "{{ name }}", "b.jinja": "{{ x"},
    "no suffix": {
        "copier.yml": f"_templates_suffix: ''\n{QUESTION}",
        "a": "{{ name }}",
        "b": b"{{ \xff",
        "c": b"\0{{ 1 }}",
    },
    "dot names": {"copier.yml": QUESTION, ".jinja": "{{ name }}", ".a.jinja": "{{ name }}", "b.c.jinja": "{{ name }}"},
    "modes": {
        "copier.yml": QUESTION,
        "a.sh.jinja": SampleFile("100755", b"{{ name }}"),
        "b.sh": SampleFile("100755", b"x"),
    },
    "links": {
        "copier.yml": f"_preserve_symlinks: true\n{QUESTION}",
        "a": "x",
        "b": SampleFile("120000", b"a"),
        "c.jinja": SampleFile("120000", b"{{ name }}"),
        "d/e": SampleFile("120000", b"../a"),
        "f": SampleFile("120000", b"d"),
    },
    "links to nothing": {
        "copier.yml": f"_preserve_symlinks: true\n{QUESTION}",
        "a": SampleFile("120000", b"b"),
        "c": "x",
        "d.jinja": SampleFile("120000", b"{{ name }}/../d//e"),
    },
    "binary": {"copier.yml": QUESTION, "a.png": b"\x89\0\xff\r\n", "b.txt": b"\xff"},
    "line ends": {"copier.yml": QUESTION, "a.jinja": "{{ name }}\r\nb\rc\n\n", "b": "\r\n"},
    "usual exclusions": {
        "copier.yml": QUESTION,
        "~a": "x",
        "b.pyc": "x",
        "d/__pycache__/e": "x",
        "d/.svn/f": "x",
        "g": "x",
    },
    "own exclusions": {
        "copier.yml": f"_exclude: ['*.md', '!k.md', '/d', 'e/', '{{{{ name }}}}', '']\n{QUESTION}",
        "a.md": "x",
        "k.md": "x",
        "d/f": "x",
        "e/g": "x",
        "c/d": "x",
        "audit/h": "x",
        "i": "x",
    },
    "exclusions by operation": {
        "copier.yml": "_exclude: [\"{% if _copier_operation == 'copy' %}/a\\n/b{% endif %}\"]\n",
        "a": "x",
        "b/c": "x",
        "d": "x",
    },
    "subfolder": {
        "copier.yml": f"_subdirectory: sub\n{QUESTION}",
        "sub/a.pyc": "x",
        "b": "x",
        "sub/c.jinja": "{{ name }}",
    },
    "subfolder of an answer": {
        "copier.yml": f"_subdirectory: '{{{{ name }}}}'\n{QUESTION}",
        "audit/a": "x",
        "b/c": "x",
    },
    "other signs": {
        "copier.yml": "_envops: {variable_start_string: '[[', variable_end_string: ']]'}\n" + QUESTION,
        "[[ name ]].jinja": "{{ name }} [[ name ]]",
    },
    "no config": {"a": "x", "{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers|to_nice_yaml }}"},
    "no escapes": {"copier.yml": "_envops: {autoescape: false}\na: <b>\n", "a.jinja": "{{ a }} {{ a | e }}"},
    "no last newline": {
        "copier.yml": '_envops: {keep_trailing_newline: false, trim_blocks: true}\nn: "a\\n"\n',
        "a.jinja": "{% if n %}\n{{ n }}b\n{% endif %}\n",
        "b": "x\n",
    },
    "undefined": {"copier.yml": QUESTION, "a.jinja": "{{ nothing }}{{ nothing | default(2) if 0 }}"},
    "includes": {
        "copier.yml": QUESTION,
        "a.jinja": "{% include 'p/' ~ name ~ '.txt' %}{% include 'q' ignore missing %}",
        "p/audit.txt": "{{ name }}",
        "b.jinja": "{% from 'm' import f with context %}{{ f(1) }}",
        "m": "{% macro f(x) %}{{ name }}{{ x }}{% endmacro %}",
    },
    "extends": {
        "copier.yml": QUESTION,
        "a.jinja": "{% extends 'base' %}{% block b %}{{ super() }}!{% endblock %}",
        "base": "<{% block b %}{{ name }}{% endblock %}>",
    },
    "namespaces": {
        "copier.yml": QUESTION,
        "a.jinja": "{% set n = namespace(x=0) %}{% for i in 'ab' %}{% set n.x = n.x + 1 %}"
        "{% endfor %}{{ n.x }}{{ pathjoin('a', 'b') }}{{ range(3) | list }}",
    },
    "filters": {
        "copier.yml": QUESTION,
        "a.jinja": "{{ name | regex_replace('a(.)', '\\\\1-') }}{{ [1, 'é'] | to_json }}"
        "{{ {'b': [1, 'x: y'], 'a': none} | to_nice_yaml }}{{ [1] | to_yaml }}{{ name | regex_search('Q') }}"
        "{{ 'aXbx' | regex_findall('x', ignorecase=true) }}{{ {'a': '<'} | tojson }}{{ 'a b' | title | indent }}",
    },
    "record with other words": {
        "copier.yml": QUESTION,
        **dict.fromkeys(RECORD, "# Ours\n---\n\n{{ _copier_answers|to_nice_yaml -}}\n"),
    },
    "record with a last line": {
        "copier.yml": QUESTION,
        **dict.fromkeys(RECORD, "{{ _copier_answers|to_nice_yaml }}\n# x\n"),
    },
    "record of comments only": {"copier.yml": QUESTION, **dict.fromkeys(RECORD, "# _src_path: none\n")},
    "record twice": {"copier.yml": QUESTION, **RECORD, "z.yml.jinja": "{{ _copier_answers|to_nice_yaml }}"},
    "record elsewhere": {"copier.yml": f"_answers_file: conf/a.yml\n{QUESTION}", **RECORD},
    "types": {
        "copier.yml": "a: 1\nb: 1.5\nc: true\nd: [1, {x: '{{ a }}'}, '{{ a }}']\ne: {default: {x: '{{ a }}'}}\nf: ''\n"
        "g: {type: yaml, default: '[1, {{ a }}]'}\nh: {type: json, default: '{\"x\": null}'}\n"
        "i: {type: bool, default: '{{ a }}'}\nj: {type: float, default: '1e3'}\nk: {type: path, default: a/b}\n",
        **RECORD,
        "x.jinja": "{{ a }} {{ b }} {{ c }} {{ d }} {{ e }} {{ f }} {{ g }} {{ h }} {{ i }} {{ j }} {{ k }}",
    },
    "choices": {
        "copier.yml": "a: {type: int, choices: [1, 2], default: 2}\n"
        "b: {type: str, choices: {x: 'y{{ a }}'}, default: y2}\n"
        "c: {type: str, choices: [[l, {value: v, validator: ''}], w], default: v}\n"
        "d: {type: int, multiselect: true, choices: [3, 1, 2], default: [1, 3]}\n"
        'e: {type: str, multiselect: true, choices: \'[x, "{{ a }}"]\', default: "[\'2\', \\"x\\"]"}\n',
        **RECORD,
        "x.jinja": "{{ a }} {{ b }} {{ c }} {{ d }} {{ e }}",
    },
    "record without suffix": {
        "copier.yml": f"_subdirectory: sub\n{QUESTION}",
        "sub/{{ _copier_conf.answers_file }}": "x",
        ".copier-answers.yml.jinja": "",
    },
    "sibling behind a link": {
        "copier.yml": f"_subdirectory: sub\n_preserve_symlinks: true\n{QUESTION}",
        "audit": SampleFile("120000", b"real"),
        "real/b.jinja": "x",
        "sub/{{ name }}/b": "y",
    },
    "hidden": {
        "copier.yml": "a: {type: str, default: x, when: false}\nb: {type: str, when: '{{ a == 1 }}'}\n"
        "c: {type: str, default: '{{ a }}', when: '{{ a }}'}\n",
        **RECORD,
        "x.jinja": "{{ a }}{{ b is defined }}{{ c }}",
    },
    "dates": {
        "copier.yml": "a: 2024-01-01\nb: {type: yaml, default: '2024-01-01'}\n",
        **RECORD,
        "x.jinja": "{{ a }}{{ b }}",
    },
    "shared lists": {"copier.yml": "a: &x [1]\nb: *x\nc: {default: &y {k: 1}}\nd: {default: *y}\n", **RECORD},
    "includes in copier.yml": {"copier.yml": f"!include more/*.yml\n---\n{QUESTION}", "more/a.yml": "a: 1\n", **RECORD},
    "documents": {
        "copier.yml": "_exclude: [a]\nb: 1\nc: 2\n---\n_exclude: [d]\nb: 3\n---\n",
        "a": "x",
        "d": "x",
        **RECORD,
    },
    "several includes": {"copier.yml": "!include q/*.yml\n", "q/a.yml": "a: 1\n", "q/b.yml": "b: 1\na: 2\n", **RECORD},
    "another encoding": {"copier.yml": "a: é\n".encode("utf-16"), **RECORD},
    "a link beside what is rendered": {
        "copier.yml": f"_subdirectory: sub\n{QUESTION}",
        "tests/link": SampleFile("120000", b"../sub"),
        "bytes.jinja": b"\xff",
        "sub/a.jinja": "{{ name }}",
    },
    "a link that is left out": {
        "copier.yml": f"_exclude: [/docs, copier.yml]\n{QUESTION}",
        "docs/link": SampleFile("120000", b"../a.jinja"),
        "a.jinja": "{{ name }}",
    },
    "attributes that filters look up": {
        "copier.yml": QUESTION,
        "a.jinja": "{{ [{'b': {'c': 2}}] | map(attribute='b.c') | list }}{{ [[1, 2]] | map(attribute=1) | list }}"
        "{{ [{'b': 1}] | selectattr('b', '==', 1) | list }}{{ [[0]] | rejectattr(0) | list }}",
    },
    "a message": {"copier.yml": f"_message_after_copy: '{{{{ now() }}}} {{% x %}}'\n{QUESTION}", **RECORD},
}

# With the reason that is given for each.
OTHER: dict[str, tuple[str, Files]] = {
    "extensions": ("setting _jinja_extensions", {"copier.yml": "_jinja_extensions: [jinja2.ext.do]\n"}),
    "external data": ("setting _external_data", {"copier.yml": "_external_data: {a: b.yml}\n"}),
    "secret questions": ("setting _secret_questions", {"copier.yml": "_secret_questions: [a]\na: x\n"}),
    "a secret": ("has secret in", {"copier.yml": "a: {type: str, secret: true, default: x}\n"}),
    "an unknown setting": ("setting _future", {"copier.yml": "_future: 1\n"}),
    "an unknown detail": ("has future in", {"copier.yml": "a: {type: str, future: 1}\n"}),
    "a name that is none": ("question called a b", {"copier.yml": "a b: 1\n"}),
    "envops": ("newline_sequence in _envops", {"copier.yml": '_envops: {newline_sequence: "\\r\\n"}\n'}),
    "escapes": ("autoescape in _envops", {"copier.yml": "_envops: {autoescape: true}\n"}),
    "escapes if a number is not 0": ("autoescape in _envops", {"copier.yml": "_envops: {autoescape: 0}\n"}),
    "an absolute subfolder": ("has no folder '/etc'", {"copier.yml": "_subdirectory: /etc\n"}),
    "undefined": ("undefined in _envops", {"copier.yml": "_envops: {undefined: jinja2.DebugUndefined}\n"}),
    "a newer copier": ("asks for copier 99", {"copier.yml": "_min_copier_version: '99'\n"}),
    "a version that is not a string": ("asks for copier 9.4", {"copier.yml": "_min_copier_version: 9.4\n"}),
    "a question that is not a string": ("a question called True", {"copier.yml": "yes: 1\n"}),
    "an odd version": ("asks for copier 9.x", {"copier.yml": "_min_copier_version: 9.x\n"}),
    "an odd suffix": ("_templates_suffix", {"copier.yml": "_templates_suffix: .a.b\n"}),
    "two configs": ("more than one", {"copier.yml": "a: 1\n", "copier.YAML": "a: 2\n"}),
    "no YAML": ("not YAML", {"copier.yml": "a: [\n"}),
    "submodules": ("submodules", {"copier.yml": "a: 1\n", ".gitmodules": ""}),
    "links to follow": ("symbolic link", {"copier.yml": "a: 1\n", "b": "x", "c": SampleFile("120000", b"b")}),
    "an included link": (
        "includes the symbolic",
        {
            "copier.yml": "_preserve_symlinks: true\n",
            "b": "x",
            "c": SampleFile("120000", b"b"),
            "d.jinja": "{% include 'c' %}",
        },
    ),
    "a folder with the suffix": ("folder whose name ends", {"copier.yml": "a: 1\n", "b.jinja/c": "x"}),
    "a name of bytes": ("name is not UTF-8", {"copier.yml": "a: 1\n", os.fsdecode(b"\xff"): "x"}),
    "text that is none": ("read as text", {"copier.yml": "a: 1\n", "a.jinja": b"\xff"}),
    "yield": ("jinja2 cannot read", {"copier.yml": "a: [1]\n", "{% yield x from a %}{{ x }}{% endyield %}": "x"}),
    "a syntax error": ("jinja2 cannot read", {"copier.yml": "a: 1\n", "a.jinja": "{{"}),
    "random": ("filter random", {"copier.yml": "a: '{{ [1, 2] | random }}'\n"}),
    "a hash": ("filter hash", {"copier.yml": "a: 1\n", "b.jinja": "{{ a | hash }}"}),
    "a filter by name": ("an unknown name", {"copier.yml": "a: [x]\n", "b.jinja": "{{ a | map('hash') | list }}"}),
    "a test": ("the test filter", {"copier.yml": "a: 1\n", "b.jinja": "{{ 'x' is filter }}"}),
    "now": ("uses now", {"copier.yml": "a: '{{ now() }}'\n"}),
    "lipsum": ("uses lipsum", {"copier.yml": "a: 1\n", "b.jinja": "{{ lipsum() }}"}),
    "the folder": ("_folder_name", {"copier.yml": "a: '{{ _folder_name }}'\n"}),
    "the destination": ("uses _copier_conf", {"copier.yml": "a: 1\n", "b.jinja": "{{ _copier_conf.dst_path }}"}),
    "the whole": ("uses _copier_conf", {"copier.yml": "a: 1\n", "b.jinja": "{{ _copier_conf }}"}),
    "the phase": ("_copier_phase", {"copier.yml": "a: '{{ _copier_phase }}'\n"}),
    "the interpreter": ("_copier_python", {"copier.yml": "a: '{{ _copier_python }}'\n"}),
    "the operation in a file": ("_copier_operation", {"copier.yml": "a: 1\n", "b.jinja": "{{ _copier_operation }}"}),
    "the commit": ("attribute _commit", {"copier.yml": "a: 1\n", "b.jinja": "{{ _copier_answers._commit }}"}),
    "the answers in a question": ("_copier_answers", {"copier.yml": "a: '{{ _copier_answers|to_nice_yaml }}'\n"}),
    "the answers in what a question includes": (
        "_copier_answers",
        {"copier.yml": "a: \"{% include 'b' %}\"\n", "b": "{{ _copier_answers|to_nice_yaml }}"},
    ),
    "the answers as JSON": ("_copier_answers", {"copier.yml": "a: 1\n", "b.jinja": "{{ _copier_answers|to_json }}"}),
    "a change": ("else than a macro", {"copier.yml": "a: [1]\n", "b.jinja": "{{ a.append(2) }}"}),
    "a change by index": ("attribute append", {"copier.yml": "a: [1]\n", "b.jinja": "{{ a['append'] }}"}),
    "a class": ("attribute __class__", {"copier.yml": "a: [1]\n", "b.jinja": "{{ a.__class__ }}"}),
    **{
        f"the lookup of a filter: {argument}": (
            "an attribute that is known only at run time",
            {"copier.yml": "a: x\n", "b.jinja": f"{{{{ [a] | {argument} | list }}}}"},
        )
        for argument in (
            "map(attribute='__class__')",
            "map(attribute='upper.__self__')",
            "map(attribute='format')",
            "map(attribute=a)",
            "selectattr('__class__')",
            "rejectattr(a, '==', 1)",
        )
    },
    "a filter by a list": ("known only at run time", {"copier.yml": "a: [x]\n", "b.jinja": "{{ a | map(*a) | list }}"}),
    "a call of a variable": ("else than a macro", {"copier.yml": "a: [1]\n", "b.jinja": "{% set f = a[0] %}{{ f() }}"}),
    "another's namespace": (
        "not created",
        {
            "copier.yml": "a: 1\n",
            "m": "{% set n = namespace(x=0) %}",
            "b.jinja": "{% from 'm' import n %}{% set n.x = 1 %}",
        },
    ),
    "a namespace that lives on": (
        "not created",
        {
            "copier.yml": "a: 1\n",
            "b.jinja": "{% set n = namespace(x=0) %}"
            "{% macro f() %}{% set n.x = n.x + 1 %}{{ n.x }}{% endmacro %}{{ f() }}",
        },
    ),
    "autoescape": (
        "EvalContext",
        {"copier.yml": "a: 1\n", "b.jinja": "{% autoescape true %}{{ a }}{% endautoescape %}"},
    ),
    "any file": ("known only at run time", {"copier.yml": "a: x\n", "x": "y", "b.jinja": "{% include a %}"}),
    "any file of a folder": (
        "the filter hash",
        {"copier.yml": "a: x\n", "d/y": "{{ a | hash }}", "b.jinja": "{% include 'd/' ~ a %}"},
    ),
    "a subfolder of an answer": (
        "the filter hash",
        {"copier.yml": "_subdirectory: '{{ a }}'\na: x\n", "x/b": "x", "y/c.jinja": "{{ a | hash }}"},
    ),
}

LATE: dict[str, tuple[str, Files]] = {
    "two files of one name": ("twice", {"copier.yml": QUESTION, "{{ 'b' }}": "x", "b": "y"}),
    "a file below a file": (
        "a folder too",
        {"copier.yml": f"p: b/c\n{QUESTION}", "{{ 'b' }}": "x", "{{ name[:0] ~ p }}": "y"},
    ),
    "a file where a folder is": (
        "a folder too",
        {"copier.yml": f"_exclude: [x]\n{QUESTION}", "{{ 'b' }}/x": "x", "b": "y"},
    ),
    "a folder as answers file": ("in a folder", {"copier.yml": QUESTION, "{{ _copier_conf.answers_file }}/a": "x"}),
    "outside": ("writes", {"copier.yml": "p: ../x\n", "{{ p }}": "y"}),
    "absolute": ("writes", {"copier.yml": "p: /x\n", "{{ p }}": "y"}),
    "git's own": ("writes", {"copier.yml": "p: .git/x\n", "{{ p }}": "y"}),
    "no such include": ("TemplateNotFound", {"copier.yml": QUESTION, "a.jinja": "{% include 'b/' ~ name %}"}),
    "another type": ("'url'", {"copier.yml": "a: {type: url, default: x}\n"}),
    "an include that is unusual": (
        "includes",
        {"copier.yml": QUESTION, "a.jinja": "{% include './' ~ name %}", "audit": "x"},
    ),
    "no such subfolder": ("no folder", {"copier.yml": f"_subdirectory: '{{{{ name }}}}'\n{QUESTION}", "b/c": "x"}),
    "no answer": ("no answer", {"copier.yml": "a: {type: str}\n"}),
    "not offered": ("is not offered", {"copier.yml": "a: {type: str, choices: [x], default: y}\n"}),
    "a list in a list": (
        "not offered",
        {"copier.yml": "a: {multiselect: true, choices: [1], default: [[1]]}\n"},
    ),
    "refused": (
        "cannot be rendered with these answers: a 'y' is refused: y",
        {"copier.yml": "a: {type: str, default: y, validator: '{{ a }}'}\n"},
    ),
    "no text": ("not a single value", {"copier.yml": "a: {type: str, default: [x]}\n"}),
    "UNSET": ("uses UNSET", {"copier.yml": "a: {type: str, default: '{{ UNSET }}'}\n"}),
    "strictly undefined": (
        "UndefinedError",
        {"copier.yml": "_envops: {undefined: jinja2.StrictUndefined}\n", "a.jinja": "{{ x }}"},
    ),
    "halves of letters": ("Unicode", {"copier.yml": "a: \"{{ '\\\\ud800' }}\"\n", "a.jinja": "{{ a }}"}),
}
