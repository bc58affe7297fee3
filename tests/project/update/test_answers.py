"""The recorded answers of a project in an update: named, kept or asked, but never silently replaced."""

from pathlib import Path
from typing import Any

import pexpect
import pytest
import yaml
from support.command import Run, tree
from support.small import ANSWERS, LINES, NEWER, QUESTIONS, Small, make, make_ours, refused, release, snapshot, update
from support.terminal import DOWN, ENTER, Terminal

from new_ops_project.template import answers

OUT = {"out.txt.jinja": "{{ colour }}\n"}
CLOUDS = "clouds:\n  type: str\n  multiselect: true\n  default: []\n  choices: [{}]\n"
REQUIRED = "owner:\n  type: str\n"


def asked(tmp_path: Path, old: str, new: str, recorded: dict[str, Any] | None = None) -> Small:
    """A project whose template changes nothing but its questions, and writes every answer to a file."""
    shown = {"all.txt.jinja": "{{ _copier_answers | to_json }}\n"}
    return make(tmp_path, shown, {}, {"all.txt": "x\n"}, questions=(old, new), answers=recorded)


def changes(run: Run, small: Small, *args: str) -> dict[str, tuple[Any, Any]]:
    """The answers that an update changes: from and to, by name."""
    report = update(run, small, "--preview", "--json", *args, code=3).json  # all.txt, which the user wrote
    return {answer["name"]: (answer["from"], answer["to"]) for answer in report["answers"]}


def test_a_renamed_question(run: Run, tmp_path: Path) -> None:
    """A question that seems to be another's new name is named with both, and --set keeps the answer."""
    small = asked(tmp_path, QUESTIONS, "color:\n  type: str\n  default: grey\n", {"colour": "red"})
    message = refused(run, small)
    for words in ("color", "colour", "red", "grey", "--set color=", "--accept-answer-changes"):
        assert words in message
    assert changes(run, small, "--set", "color=red")["color"] == (None, "red")
    assert changes(run, small, "--accept-answer-changes") == {"color": (None, "grey"), "colour": ("red", None)}


@pytest.mark.parametrize(
    ("recorded", "new"),
    [("GitHub", "type: bool"), ("8", "type: int"), (True, "type: int"), (["a"], "type: str"), (3, "type: str")],
)
def test_an_answer_of_another_type_is_not_renamed(run: Run, tmp_path: Path, recorded: Any, new: str) -> None:
    """A dropped answer of another type is none to a new question, although the name is alike and it could be cast."""
    small = asked(tmp_path, "colour: {type: yaml}\n", f"color: {{{new}, default: 0}}\n", {"colour": recorded})
    assert changes(run, small).keys() == {"color", "colour"}


def test_a_dropped_question(run: Run, tmp_path: Path) -> None:
    """An answer to a question that no longer exists is listed and leaves the record, without consent."""
    small = make(
        tmp_path,
        {"a": LINES},
        {"a": NEWER},
        questions=(QUESTIONS + REQUIRED, QUESTIONS),
        answers={"colour": "red", "owner": "ops"},
    )
    report = update(run, small, "--json").json
    assert [(answer["name"], answer["from"], answer["to"]) for answer in report["answers"]] == [("owner", "ops", None)]
    assert small.recorded() == {"_commit": "v1.1.0", "_src_path": str(small.template), "colour": "red"}


def test_a_new_question(run: Run, tmp_path: Path) -> None:
    """A new question takes its default, computed from the other answers; it is listed and recorded."""
    new = QUESTIONS + "shade:\n  type: str\n  default: dark {{ colour }}\n"
    small = make(tmp_path, {"a": LINES}, {"a": NEWER}, questions=(QUESTIONS, new), answers={"colour": "red"})
    assert "dark red" in update(run, small).out
    assert small.recorded()["shade"] == "dark red"


def test_a_question_that_is_closed(run: Run, tmp_path: Path) -> None:
    """A question whose `when` does not hold is neither asked nor recorded, with or without a default."""
    new = QUESTIONS + "shade:\n  type: str\n  when: \"{{ colour == 'blue' }}\"\n"
    small = make(tmp_path, {"a": LINES}, {"a": NEWER}, questions=(QUESTIONS, new), answers={"colour": "red"})
    update(run, small)
    assert "shade" not in small.recorded()


def test_newly_required(run: Run, tmp_path: Path) -> None:
    """All new questions without a default are named at once; consent does not answer them."""
    small = asked(tmp_path, QUESTIONS, QUESTIONS + REQUIRED + REQUIRED.replace("owner", "budget"))
    for args in ([], ["--accept-answer-changes"], ["--preview"], ["--branch"], ["--set", "owner=ops"]):
        message = refused(run, small, *args)
        assert "--set budget=VALUE" in message
        assert ("--set owner=VALUE" in message) == ("--set" not in args)
    assert update(run, small, "--check", code=1).code == 1
    assert set(changes(run, small, "--set", "owner=ops", "--set", "budget=9")) == {"owner", "budget"}


def test_a_choice_that_is_gone(run: Run, tmp_path: Path) -> None:
    """A choice that is no longer offered is named with what would be used; another can be given."""
    old, new = (
        f"colour:\n  type: str\n  default: grey\n  choices: [{offered}]\n" for offered in ("grey, red", "grey, tan")
    )
    small = asked(tmp_path, old, new, {"colour": "red"})
    message = refused(run, small)
    for words in ("colour", "red", "grey", "--accept-answer-changes"):
        assert words in message
    assert changes(run, small, "--accept-answer-changes") == {"colour": ("red", "grey")}
    assert changes(run, small, "--set", "colour=tan") == {"colour": ("red", "tan")}


def test_a_choice_that_is_gone_without_a_default(run: Run, tmp_path: Path) -> None:
    """Where there is no default either, the answer has to be given."""
    old, new = (f"colour:\n  type: str\n  choices: [{offered}]\n" for offered in ("grey, red", "grey, tan"))
    small = asked(tmp_path, old, new, {"colour": "red"})
    assert "--set colour=VALUE" in refused(run, small, "--accept-answer-changes")
    assert changes(run, small, "--set", "colour=tan") == {"colour": ("red", "tan")}


NEW_RULE = "colour: {type: int, default: 5, validator: '{% if colour < 10 %}Ten at least{% endif %}'}\n"


def test_a_validator_that_is_new(run: Run, tmp_path: Path) -> None:
    """A recorded answer that a new validator refuses has to be given if it refuses the default too."""
    small = asked(tmp_path, "colour: {type: int, default: 5}\n", NEW_RULE, {"colour": 4})
    for args in ([], ["--accept-answer-changes"]):
        message = refused(run, small, *args)
        assert "colour: 4 is recorded, which is refused: Ten at least, has no default that fits" in message
        assert "Give --set colour=VALUE." in message
    assert "colour 3 is refused: Ten at least" in refused(run, small, "--set", "colour=3")
    assert changes(run, small, "--set", "colour=12") == {"colour": (4, 12)}


def test_a_validator_that_accepts_the_default(run: Run, tmp_path: Path) -> None:
    """Where the validator accepts the default, consent takes that."""
    new = NEW_RULE.replace("5", "15")
    small = asked(tmp_path, "colour: {type: int, default: 5}\n", new, {"colour": 4})
    assert "colour: 4 -> 15 (is refused: Ten at least)" in refused(run, small)
    assert changes(run, small, "--accept-answer-changes") == {"colour": (4, 15)}


@pytest.mark.parametrize(
    ("kinds", "value", "becomes"),
    [(("float", "int"), 1.5, 1), (("str", "int"), "007", 7), (("str", "float"), "1_0", 10.0)],
)
def test_a_number_that_loses(run: Run, tmp_path: Path, kinds: tuple[str, str], value: object, becomes: float) -> None:
    """A conversion to a number that changes what was recorded needs consent."""
    old, new = (f"colour: {{type: {kind}, default: 3}}\n" for kind in kinds)
    small = asked(tmp_path, old, new, {"colour": value})
    assert f"colour: {value!r} -> {becomes!r} (is now of the type {kinds[1]})" in refused(run, small)
    assert changes(run, small, "--accept-answer-changes") == {"colour": (value, becomes)}


@pytest.mark.parametrize(
    ("old", "new", "value"), [("int", "float", 3), ("str", "int", "7"), ("str", "bool", "yes"), ("int", "str", 7)]
)
def test_a_type_that_keeps_the_answer(run: Run, tmp_path: Path, old: str, new: str, value: object) -> None:
    """A conversion that loses nothing is no change."""
    first, second = (f"colour: {{type: {kind}, default: '1'}}\n" for kind in (old, new))
    small = asked(tmp_path, first, second, {"colour": value})
    assert not changes(run, small)


@pytest.mark.parametrize("args", [(), ("--set", "dark=no")], ids=["a version", "an answer"])
def test_an_answer_that_is_not_asked_any_more(run: Run, tmp_path: Path, args: tuple[str, ...]) -> None:
    """A recorded answer whose `when` no longer holds is listed: it is not recorded again."""
    text = "dark: {type: bool, default: true}\ncolour: {type: str, default: grey, when: '{{ %s }}'}\n"
    old, new = (text % test for test in ("dark", "dark" if args else "false"))
    small = asked(tmp_path, old, new, {"dark": True, "colour": "red"})
    assert changes(run, small, *args)["colour"] == ("red", None)
    update(run, small, *args, code=3)
    assert "colour" not in small.recorded()


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("str", None, "None is recorded, which is not of type str"),
        ("int", "red", "'red' is recorded, which is not of type int"),
    ],
)
def test_a_recorded_answer_of_no_use(run: Run, tmp_path: Path, kind: str, value: object, why: str) -> None:
    """A null that an older copier recorded for an open question, like any answer of another type, is named."""
    small = asked(tmp_path, "colour: {type: yaml}\n", f"colour: {{type: {kind}}}\n", {"colour": value})
    assert f"  colour: {why}" in refused(run, small)


@pytest.mark.parametrize("engine", ["copier", "pure"])
def test_a_recorded_null(run: Run, tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A null that an older copier recorded, and wrote as the word None, becomes the answer that is given now."""
    monkeypatch.setenv("NEW_OPS_PROJECT_RENDERER", engine)
    question, written = "colour: {type: str}\n", {"README.md": "# None\n"}
    template = {"README.md.jinja": "# {{ colour }}\n"}
    small = make(tmp_path, template, {}, written, questions=(question, question), answers={"colour": None})
    update(run, small, "--set", "colour=red")
    assert (small.text("README.md"), small.recorded()["colour"]) == ("# red\n", "red")


def test_one_of_several_choices_is_gone(run: Run, tmp_path: Path) -> None:
    """Of several choices those that are still offered stay."""
    small = asked(
        tmp_path,
        CLOUDS.format("aws, gcp, azure"),
        CLOUDS.format("aws, azure, hetzner"),
        {"clouds": ["aws", "gcp", "azure"]},
    )
    assert "'gcp'" in refused(run, small)
    assert changes(run, small, "--accept-answer-changes") == {"clouds": (["aws", "gcp", "azure"], ["aws", "azure"])}


@pytest.mark.parametrize(
    ("new", "after"),
    [
        ("colour:\n  type: int\n  default: 7\n", 7),
        (
            "colour:\n  type: str\n  default: teal\n  validator: \"{% if colour == 'red' %}not red{% endif %}\"\n",
            "teal",
        ),
        ("colour:\n  type: bool\n  default: true\n", True),
    ],
)
def test_an_answer_that_no_longer_fits(run: Run, tmp_path: Path, new: str, after: object) -> None:
    """An answer of the wrong type now, or that a validator now refuses, is named."""
    small = asked(tmp_path, QUESTIONS, new, {"colour": "red"})
    assert "colour" in refused(run, small)
    assert changes(run, small, "--accept-answer-changes") == {"colour": ("red", after)}


def test_an_answer_of_another_type_that_fits(run: Run, tmp_path: Path) -> None:
    """An answer that reads as the new type needs no consent."""
    small = make(
        tmp_path,
        {"a": LINES},
        {"a": NEWER},
        questions=(QUESTIONS, "colour:\n  type: int\n  default: 7\n"),
        answers={"colour": "8"},
    )
    update(run, small)
    assert small.recorded()["colour"] == 8


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("colr=red", "colour"),
        ("colour=mauve", "mauve"),
        ("colour", "KEY=VALUE"),
        ("=red", "KEY=VALUE"),
        ("files=[]", "files"),
        ("_commit=v1.1.0", "_commit"),
        ("clouds=aws,gpc", "gcp"),
        ("dry=perhaps", "true or false"),
    ],
)
def test_a_wrong_setting(run: Run, tmp_path: Path, setting: str, message: str) -> None:
    """An unknown key, a value that is not offered and a computed answer are refused by name."""
    text = "colour:\n  type: str\n  default: red\n  choices: [red, blue]\n"
    text += "files:\n  type: yaml\n  when: false\n  default: []\n"
    text += CLOUDS.format("aws, gcp") + "dry:\n  type: bool\n  default: false\n"
    assert message in refused(run, asked(tmp_path, text, text), "--set", setting)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("colour=a=b", "a=b"),
        ("colour=", ""),
        ("colour=día: 日本 # 'x'", "día: 日本 # 'x'"),
        ("dry=yes", True),
        ("clouds=gcp, aws", ["aws", "gcp"]),
        ("clouds=[]", []),
        ("number=08", 8),
        ("free={a: [1, no]}", {"a": [1, False]}),
    ],
)
def test_a_setting(run: Run, tmp_path: Path, setting: str, value: object) -> None:
    """--set gives an answer of the question's type, and it is recorded so."""
    text = QUESTIONS + CLOUDS.format("aws, gcp") + "dry:\n  type: bool\n  default: false\n"
    text += "number:\n  type: int\n  default: 1\nfree:\n  type: yaml\n  default: {}\n"
    small = make(
        tmp_path, {"a": LINES}, {"a": NEWER}, questions=(text, None), answers={"colour": "x", "clouds": ["aws"]}
    )
    update(run, small, "--set", setting, "--accept-answer-changes")
    assert small.recorded()[setting.partition("=")[0]] == value


@pytest.mark.parametrize(
    "value", ["no", "3.10", "null", "1_000", "2026-11-22", "", "día 'x' \"y\"", "two\nlines\n", "~"]
)
def test_an_answer_that_looks_like_something_else(run: Run, tmp_path: Path, value: str) -> None:
    """A string that YAML would take for something else is the same string afterwards."""
    small = make(tmp_path, {"a": LINES}, {"a": NEWER}, answers={"colour": value})
    assert update(run, small, "--json").json["answers"] == []
    assert small.recorded()["colour"] == value


# ---- the answers file -----------------------------------------------------------------------------------------


def test_an_answers_file_in_a_handwriting(run: Run, tmp_path: Path) -> None:
    """An answers file in another order, with comments and quotes, is not a conflict; its answers are kept."""
    small = make(tmp_path, {"a": LINES}, {"a": NEWER})
    text = f'# by hand\n\n"colour": "red" # mine\n_src_path: "{small.template}"\n_commit:   v1.0.0\n'
    small.commit({ANSWERS: text})
    update(run, small)
    assert small.recorded() == {"_commit": "v1.1.0", "_src_path": str(small.template), "colour": "red"}


def test_an_answer_that_was_changed_by_hand(run: Run, tmp_path: Path) -> None:
    """An answer that somebody changed in the file is the answer."""
    small = make(tmp_path, {**OUT, "a": LINES}, {"a": NEWER}, {"out.txt": "red\n"}, answers={"colour": "red"})
    update(run, small)
    assert (small.recorded()["colour"], small.text("out.txt")) == ("red", "red\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("_commit: v1.0.0\n_src_path: [\n", "not YAML"),
        ("<<<<<<< HEAD\n_commit: v1.0.0\n=======\n_commit: v1.1.0\n>>>>>>> side\n_src_path: x\n", "not YAML"),
        ("\udcff: x\n_src_path: x\n", "not YAML"),
        ("_src_path: {template}\ncolour: blue\n", "_commit"),
        ("_commit: v1.0.0\ncolour: blue\n", "_src_path"),
        ("_commit: v1.0.0\n_src_path: ''\n", "_src_path"),
        ("- _src_path: x\n", "no answers"),
        ("", "no answers"),
    ],
)
def test_an_answers_file_that_says_too_little(run: Run, tmp_path: Path, text: str, expected: str) -> None:
    """A broken answers file is named, with what is wrong and where its history is."""
    small = make(tmp_path, {"a": LINES}, {"a": NEWER})
    small.commit({ANSWERS: text.replace("{template}", str(small.template)).encode(errors="surrogateescape")})
    message = refused(run, small)
    assert ANSWERS in message
    assert expected in message


def test_an_answers_file_in_conflict(run: Run, tmp_path: Path) -> None:
    """An answers file with an unresolved merge is refused by its name."""
    small = make(tmp_path, {"a": LINES}, {"a": NEWER})
    small.git("checkout", "--quiet", "-b", "side")
    small.commit({ANSWERS: small.text(ANSWERS).replace("blue", "red")})
    small.git("checkout", "--quiet", "trunk")
    small.commit({ANSWERS: small.text(ANSWERS).replace("blue", "tan")})
    with pytest.raises(Exception, match="merge"):
        small.git("merge", "--quiet", "side")
    assert ANSWERS in refused(run, small)


# ---- a person -------------------------------------------------------------------------------------------------


def test_a_person_is_asked(terminal: Terminal, tmp_path: Path) -> None:
    """On a terminal a choice that is gone and a new question are asked about, and nothing needs to be accepted."""
    old, new = (
        f"colour:\n  type: str\n  default: grey\n  choices: [{offered}]\n" for offered in ("grey, red", "grey, tan")
    )
    small = make(tmp_path, {"a": LINES}, {"a": NEWER}, questions=(old, new + REQUIRED), answers={"colour": "red"})
    child = terminal("update", str(small.project))
    child.expect("colour")
    child.send(f"{DOWN}{ENTER}")
    child.expect("owner")
    child.send(f"ops{ENTER}")
    child.expect("not committed")
    assert (small.recorded()["colour"], small.recorded()["owner"], small.text("a")) == ("tan", "ops", NEWER)


def test_a_person_is_asked_about_a_renamed_question(terminal: Terminal, tmp_path: Path) -> None:
    """The answer to the old name is what the question proposes."""
    new = "color:\n  type: str\n  default: grey\n"
    small = make(tmp_path, {"a": LINES}, {"a": NEWER}, questions=(QUESTIONS, new), answers={"colour": "red"})
    child = terminal("update", str(small.project))
    child.expect("color")
    child.send(ENTER)
    child.expect("not committed")
    assert small.recorded()["color"] == "red"


def test_a_person_stops(terminal: Terminal, tmp_path: Path) -> None:
    """Ctrl-C at a question ends with 130, and nothing has moved."""
    small = make(tmp_path, {"a": LINES}, {"a": NEWER}, questions=(QUESTIONS, QUESTIONS + REQUIRED))
    before = snapshot(small.project)
    child = terminal("update", str(small.project))
    child.expect("owner")
    child.send("\x03")
    child.expect("Interrupted")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert snapshot(small.project) == before


def test_nobody_is_asked_twice(terminal: Terminal, tmp_path: Path) -> None:
    """What --set answers is not asked, nor what fits."""
    small = make(tmp_path, {"a": LINES}, {"a": NEWER}, questions=(QUESTIONS, QUESTIONS + REQUIRED))
    child = terminal("update", str(small.project), "--set", "owner=ops")
    child.expect("not committed")
    assert small.recorded()["owner"] == "ops"


# ---- our own template -----------------------------------------------------------------------------------------

ENDED = {
    "templates/pins.yml": {
        "        '3.11': {newest_patch: 3.11.18, end_of_life: 2027-10}\n": "",
        "ended: {'3.10': 2026-10": "ended: {'3.11': 2027-10, '3.10': 2026-10",
    }
}


@pytest.mark.slow
def test_a_python_past_its_end_of_life(run: Run, work: Path, tmp_path: Path) -> None:
    """A Python that the new version of the template refuses is named with the month; the default is offered."""
    source = make_ours(tmp_path / "ours", ENDED)
    run("new", "audit", "--defaults", "--template", str(source), "--ref", "v1.0.0", "--python", "3.11")
    before = tree(work / "audit")
    message = run("update", "audit", code=2).err
    for words in ("3.11", "reached its end of life in 2027-10", "3.14", "--accept-answer-changes"):
        assert words in message
    assert tree(work / "audit") == before
    run("update", "audit", "--set", "python_version=3.12")
    assert 'requires-python = ">=3.12"' in (work / "audit" / "pyproject.toml").read_text()


@pytest.mark.slow
def test_the_clock(run: Run, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorded Python that has ended since stays while the template offers it; one that is asked for is alive."""
    source = make_ours(tmp_path / "ours", {})
    release(source, "v1.2.0", {"templates/project/NEW.md.jinja": "New.\n"})
    run("new", "audit", "--defaults", "--template", str(source), "--ref", "v1.0.0", "--python", "3.11")
    monkeypatch.setattr(answers, "_this_month", lambda: "2028-11")
    run("update", "audit")
    assert 'requires-python = ">=3.11"' in (work / "audit" / "pyproject.toml").read_text()
    run("update", "audit", "--abort")
    assert "reached its end of life" in run("update", "audit", "--set", "python_version=3.12", code=2).err


@pytest.mark.parametrize(
    ("kind", "default", "is_open"),
    [
        ("int", "3", True),
        ("int", "0", False),
        ("float", "2.5", True),
        ("bool", "yes", True),
        ("str", "maybe", True),
        ("str", "off", False),
        ("yaml", "[1]", True),
        ("yaml", "null", False),
        ("json", "{}", True),
    ],
)
def test_a_condition_of_any_type(run: Run, tmp_path: Path, kind: str, default: str, is_open: bool) -> None:  # noqa: FBT001
    """An answer of each type can decide whether a question is asked, for `new` and for `update`, as for copier."""
    question = f'count:\n  type: {kind}\n  default: "{default}"\n'
    extra = 'extra:\n  type: str\n  default: x\n  when: "{{ count }}"\n'
    small = make(tmp_path, {"a": LINES}, {"a": NEWER}, questions=(question + extra, None))
    project = tmp_path / "made"
    run("new", "--template", str(small.template), "--ref", "v1.0.0", "--defaults", "--path", str(project))
    run("update", str(project))
    recorded = yaml.safe_load((project / ANSWERS).read_bytes())
    assert (recorded["_commit"], recorded.get("extra")) == ("v1.1.0", "x" if is_open else None)
    assert (project / "a").read_text() == NEWER
