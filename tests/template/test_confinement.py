"""Whatever a template names its files and links, nothing outside the project changes, nor anything in its `.git`."""

from pathlib import Path

import pytest
from support.command import Run, git
from support.history import Files, begin, link, version

from new_ops_project import cli
from new_ops_project.git.tree import Entry

ANSWERS = {"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}"}
HOOK = "#!/bin/sh\ntouch OUTSIDE/ran\n"


def asked(settings: str = "", **defaults: str) -> str:
    """A copier.yml with these questions, which nobody is asked."""
    lines = "".join(f"{name}:\n  type: str\n  default: '{text}'\n" for name, text in defaults.items())
    return f"{settings}{lines or 'a: 1'}"


KEPT = "_preserve_symlinks: true\n"
ALL = "_exclude: []\n"
UP = "../" * 30
# The files of the hostile version, by what they try. `OUTSIDE` stands for a folder beside the project.
CASES: dict[str, Files] = {
    "a parent folder": {"copier.yml": asked(up=".."), "{{ up }}/outside/x.txt": "evil\n"},
    "two parents": {"copier.yml": asked(up="../.."), "{{ up }}/x.txt": "evil\n"},
    "a parent in a name": {"copier.yml": asked(up="sub/../../outside/x.txt"), "{{ up }}.jinja": "evil\n"},
    "an absolute path": {"copier.yml": asked(up="OUTSIDE/x.txt"), "{{ up }}.jinja": "evil\n"},
    "an absolute folder": {"copier.yml": asked(up="OUTSIDE"), "{{ up }}/x.txt": "evil\n"},
    "a hook": {"copier.yml": asked(name=".git"), "{{ name }}/hooks/post-commit": HOOK},
    "a hook that is not excluded": {"copier.yml": asked(ALL, name=".git"), "{{ name }}/hooks/post-commit": HOOK},
    "settings of git": {
        "copier.yml": asked(ALL, name=".git"),
        "{{ name }}/config": "[core]\n\tfsmonitor = touch OUTSIDE/ran\n",
    },
    "another spelling": {"copier.yml": asked(name=".GIT"), "{{ name }}/hooks/post-commit": HOOK},
    "a link, and a file behind it": {
        "copier.yml": asked(KEPT, name="out"),
        "out": link("OUTSIDE"),
        "{{ name }}/x.txt": "evil\n",
    },
    "a link to a parent": {
        "copier.yml": asked(KEPT, name="out"),
        "out": link("../outside"),
        "{{ name }}/x.txt": "evil\n",
    },
    "a link in another order": {
        "copier.yml": asked(KEPT, name="out"),
        "out/x.txt": "evil\n",
        "{{ name }}": link("OUTSIDE"),
    },
    "a link that is kept": {"copier.yml": asked(KEPT), "x.txt": link("OUTSIDE/secret.txt")},
    "a link that is followed": {"copier.yml": asked(), "x.txt": link("OUTSIDE/secret.txt")},
    "a link to a folder": {"copier.yml": asked(), "x": link("OUTSIDE")},
    "a link that goes up": {"copier.yml": asked(), "x.txt": link(f"{UP}OUTSIDE/secret.txt")},
    "a link as a template": {"copier.yml": asked(), "x.txt.jinja": link("OUTSIDE/secret.txt")},
    "a link as copier.yml": {"copier.yml": link("OUTSIDE/secret.txt")},
    "an answers file": {"copier.yml": "_answers_file: ../outside/x.yml\n"},
    "an absolute answers file": {"copier.yml": "_answers_file: OUTSIDE/x.yml\n"},
    "a subdirectory": {"copier.yml": "_subdirectory: ../outside\n"},
    "an absolute subdirectory": {"copier.yml": "_subdirectory: OUTSIDE\n"},
    "an include": {"copier.yml": asked(), "x.txt.jinja": "{% include '../outside/secret.txt' %}"},
    "an include that goes up": {"copier.yml": asked(), "x.txt.jinja": f"{{% include '{UP}OUTSIDE/secret.txt' %}}"},
    "an absolute include": {"copier.yml": asked(), "x.txt.jinja": "{% include 'OUTSIDE/secret.txt' %}"},
    "an include of a link": {
        "copier.yml": f"_subdirectory: in\n{asked()}",
        "linked": link("OUTSIDE/secret.txt"),
        "in/x.txt.jinja": "{% include 'linked' %}",
        "in/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}",
    },
    "an include of YAML": {"copier.yml": "--- !include OUTSIDE/secret.txt\n"},
    "an include of YAML that goes up": {"copier.yml": f"--- !include {UP}OUTSIDE/secret.txt\n"},
    "a way to Python": {
        "copier.yml": asked(),
        "x.txt.jinja": "{{ ''.__class__.__mro__[1].__subclasses__() }}{{ self.__init__.__globals__ }}",
    },
    "a filter that lists files": {"copier.yml": asked(), "x.txt.jinja": "{{ 'OUTSIDE/*' | fileglob }}"},
    "a filter of the environment": {"copier.yml": asked(), "x.txt.jinja": "{{ '$TOKEN' | expandvars }}"},
    "a filter that is given": {
        "copier.yml": asked(),
        "x.txt.jinja": "{{ ['$TOKEN'] | map('expand' ~ 'vars') | list }}",
    },
    "a filter in a name": {"copier.yml": asked(), "{{ '$TOKEN' | expandvars }}.txt": ""},
    "a filter in a default": {"copier.yml": asked(name='{{ "$TOKEN" | expandvars }}'), "x.txt.jinja": "{{ name }}"},
    "a filter in an exclude": {
        "copier.yml": f"_exclude: [\"{{{{ '$TOKEN' | expandvars }}}}\"]\n{asked()}",
        "x.txt": "{{ 1 }}",
    },
    "a filter in a message": {"copier.yml": f"_message_after_copy: \"{{{{ '$TOKEN' | expandvars }}}}\"\n{asked()}"},
}


def filled(files: Files, outside: Path) -> Files:
    """The files with the folder's path in them."""
    place = str(outside)
    return {
        name: link(entry.content.decode().replace("OUTSIDE", place))
        if isinstance(entry, Entry)
        else str(entry).replace("OUTSIDE", place)
        for name, entry in files.items()
    }


def seen(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and where links lead."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def outside(work: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder beside the project, with a secret; the environment has one, too."""
    monkeypatch.setenv("TOKEN", "hunter2")
    folder = work / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text("secret: hunter2\n")
    return folder


@pytest.mark.parametrize("verb", ["new", "update"])
@pytest.mark.parametrize("case", CASES)
def test_nothing_leaves_the_project(
    run: Run, outside: Path, capfd: pytest.CaptureFixture[str], case: str, verb: str
) -> None:
    """The run ends well or with a sentence; the folder beside is as it was, and its secret is not in the project."""
    work = outside.parent
    config = CASES[case]["copier.yml"]
    is_asked = isinstance(config, str) and "default:" in config and "expandvars" not in config
    questions: Files = {"copier.yml": config} if is_asked else {}
    first = version("v1.0.0", {"copier.yml": asked(), "kept.txt": "x\n", **ANSWERS, **filled(questions, outside)})
    second = version("v2.0.0", {**filled(CASES[case], outside), "kept.txt": "y\n"}, day=1)
    template = begin(work.parent / "template", first + second)
    ref = {"new": "v2.0.0", "update": "v1.0.0"}[verb]
    if verb == "update":
        run("new", "project", "--defaults", "--template", str(template), "--ref", ref)
    around = seen(outside) | {path.name: b"" for path in work.iterdir() if path.name != "project"}
    inner = seen(work / "project" / ".git" / "hooks") if verb == "update" else {}
    words = {
        "new": ("new", "project", "--defaults", "--template", str(template), "--ref", ref),
        "update": ("update", "project", "--commit"),
    }[verb]
    code = cli.run(list(words))
    assert code in {0, 2, 3, 4}
    out, err = capfd.readouterr()
    assert "hunter2" not in out + err
    assert "secret.txt" not in out
    assert around == seen(outside) | {path.name: b"" for path in work.iterdir() if path.name != "project"}
    if (work / "project").exists():
        leaked = [
            path for path, content in seen(work / "project").items() if b"hunter2" in content or "hunter2" in path
        ]
        assert not leaked
        assert seen(work / "project" / ".git" / "hooks") == inner
        git("commit", "--quiet", "--allow-empty", "--message=more", at=work / "project")
        git("status", at=work / "project")
    assert not (outside / "ran").exists()


@pytest.mark.parametrize("text", ["{{ '$TOKEN' | expandvars }}", "{{ 'OUTSIDE/*' | fileglob }}"])
def test_what_reads_the_machine_needs_trust(run: Run, outside: Path, text: str) -> None:
    """A filter that could put a secret of the machine into a file ends with 4; with --trust it does as for copier."""
    files = filled({"copier.yml": asked(), "x.txt.jinja": text}, outside)
    template = begin(outside.parent.parent / "template", version("v1.0.0", {**files, **ANSWERS}))
    words = ("new", "project", "--defaults", "--template", str(template))
    assert "needs trust: its filter" in run(*words, code=4).err
    assert not (outside.parent / "project").exists()
    run(*words, "--trust")
    written = (outside.parent / "project" / "x.txt").read_text()
    assert "hunter2" in written or "secret.txt" in written
