"""Requirements files are read as pip reads them."""

import pytest

from new_ops_project.formats.requirements import reader

COMMIT = "0123456789abcdef0123456789abcdef01234567"
# A line, and the entry's name, kind and version, and whether it is pinned; "" where it is none.
LINES = {
    "a==1": "a name 1 pinned",
    "A_b.c[x] === 1.2 ; os_name == 'nt' # why": "a-b-c name 1.2 pinned",
    "a==1.*": "a name - loose",
    "a==1,!=2": "a name - loose",
    "  a>=1": "a name - loose",
    "\ufeffa==1": "a name 1 pinned",
    "a==1 \\\r\n    --hash=sha256:00 \\\r\n    --hash=sha256:11\r\n    # via b": "a name 1 pinned hashed via=b",
    "a \\\n  ==1 \\\n  --hash sha256:00": "a name 1 pinned hashed",
    "a==1  # via b, c": "a name 1 pinned via=b,c",
    "a==1\n    # via\n    #   -r a.in\n    #   b": "a name 1 pinned via=-r a.in,b",
    "a==1 --config-settings x=y": "a name 1 pinned",
    "-e .": "- editable - pinned",
    "--editable=./a[x]": "- editable - pinned",
    "-e git+https://x.org/a.git@main#egg=a": "- vcs - loose",
    f"a @ git+ssh://git@x.org/a@{COMMIT}": "a vcs - pinned",
    "a @ https://x.org/a@1/a.whl#sha256=00": "a url - pinned",
    "https://user@x.org/a.zip": "- url - pinned",
    "a @ ./a.whl": "a path - pinned",
    "vendor/a": "- path - pinned",
    "a.tar.gz": "- path - pinned",
    "--index-url https://x.org/simple": "",
    "-r b.txt": "",
    "# a": "",
    "<<<<<<< ours": "",
    "": "",
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_line(line: str, ending: str) -> None:
    """One requirement has a name, a kind, a version, hashes and comments, wherever its lines end."""
    content = ending.join([*line.replace("\r\n", "\n").split("\n"), "last==2", ""]).encode()
    *entries, last = reader.parse("r.txt", content).entries
    words = [
        f"{each.name or '-'} {each.kind} {each.version or '-'} {'pinned' if each.is_pinned else 'loose'}"
        f"{' hashed' * each.is_hashed}{' via=' + ','.join(each.via) if each.via else ''}"
        for each in entries
    ]
    assert " | ".join(words) == LINES[line]
    assert (last.name, last.line) == ("last", line.count("\n") + 2)


def test_included_files() -> None:
    """Each file that is included is read once, relative to the one with the line; missing ones are left out."""
    files = {
        "a.txt": b"-r sub/b.txt\n-c limits.txt\n--requirement=none.txt\n",
        "sub/b.txt": b"-rc.txt\n-r ../a.txt # a circle\n",
        "sub/c.txt": b"--constraint ../limits.txt\n",
        "limits.txt": b"x==1\n",
    }
    assert [file.path for file in reader.with_included(files.get, "a.txt")] == ["a.txt", "sub/b.txt", "sub/c.txt"]
    assert {file.path for file in reader.with_included(files.get, "a.txt", constraints=True)} == files.keys()
    assert reader.with_included(files.get, "none.txt") == ()


@pytest.mark.parametrize(
    ("text", "sources", "options"),
    [
        ("uv pip compile a.in -o a.txt --universal", ("a.in",), {"-o": ("a.txt",), "--universal": ("",)}),
        ("pip-compile --output-file=a.txt b.in", ("b.in",), {"--output-file": ("a.txt",)}),
        ("uv export --group dev --group=x --frozen", (), {"--group": ("dev", "x"), "--frozen": ("",)}),
    ],
)
def test_the_command_in_the_head(text: str, sources: tuple[str, ...], options: dict[str, tuple[str, ...]]) -> None:
    """The command in the comment at the top has sources and options, of which some have a value."""
    command = reader.command(f"# made by a tool\r\n#    {text}\r\na==1\r\n")
    assert command == reader.Command(text, sources, options)
