"""The page of 2,000 repositories in headless Chromium."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, sync_playwright
from support.fleet_reported import HOSTILE, VERSION, fleet

from new_ops_project.fleet.reports import facts, html_page
from new_ops_project.fleet.reports.facts import Facts

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
COUNT = 2000
TODAY = date(2026, 11, 25)
WIDE, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=360, height=780)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here (apt-get install chromium)"),
]
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def rollout(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """The facts of 2,000 repositories."""
    return facts.gather([fleet(tmp_path_factory.mktemp("fleet") / "out", COUNT)], TODAY)


@pytest.fixture(scope="module")
def file(rollout: Facts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their page."""
    return written(rollout, tmp_path_factory)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 120 repositories, for what does not depend on how many there are."""
    return written(facts.gather([fleet(tmp_path_factory.mktemp("few") / "out", 120)], TODAY), tmp_path_factory)


def written(rollout: Facts, folders: pytest.TempPathFactory) -> Path:
    """The page of these facts."""
    path = folders.mktemp("page") / "fleet.html"
    path.write_text(html_page.document(rollout, "Rollout <b>& more</b>"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for all tests here, with a home of its own."""
    home = str(tmp_path_factory.mktemp("browser"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, env={**os.environ, "HOME": home})
        yield browser
        browser.close()


@pytest.fixture
def show(browser: Browser, file: Path, few: Path) -> Iterator[Open]:
    """Opens a page. Afterwards it has requested nothing except that file, logged no error and run no name."""
    requests: list[str] = []
    errors: list[str] = []
    pages: list[Page] = []

    def call(size: ViewportSize = WIDE, at: Path = file, **options: Any) -> Page:
        context = browser.new_context(viewport=size, **options)
        context.on("request", lambda request: requests.append(request.url))
        context.on("console", lambda message: errors.append(message.text))
        context.on("weberror", lambda error: errors.append(str(error.error)))
        page = context.new_page()
        page.on("dialog", lambda dialog: errors.append(dialog.message))
        page.goto(at.as_uri())
        pages.append(page)
        return page

    yield call
    hacked = [page.evaluate("window.hacked") for page in pages]
    for page in pages:
        page.context.close()
    assert {url for url in requests if not url.startswith("data:")} <= {file.as_uri(), few.as_uri()}
    assert (errors, set(hacked)) == ([], {None})


def ready(page: Page) -> Page:
    """The page, when every row is drawn."""
    page.wait_for_selector('table.repositories[aria-busy="false"]')
    return page


def names(page: Page) -> list[str]:
    """The repositories in the table, from the top."""
    read: list[str] = page.evaluate("[...document.querySelectorAll('#rows .open')].map((row) => row.textContent)")
    return read


def column(page: Page, number: int) -> list[str]:
    """The cells of a column, from the top."""
    script = "(n) => [...document.querySelectorAll(`#rows .row > :nth-child(${n})`)].map((row) => row.textContent)"
    read: list[str] = page.evaluate(script, number)
    return read


# ---- the table -----------------------------------------------------------------------------------------------------


def test_every_row_is_there(show: Open, rollout: Facts) -> None:
    """All 2,000 are in the document, the worst first, so that the browser's own search finds any."""
    page = ready(show())
    assert len(names(page)) == COUNT
    assert page.inner_text("#count") == "Showing 2,000 of 2,000 repositories"
    states = [text.split()[-1] for text in column(page, 2)]
    assert states == [str(row.state) for row in rollout.rows]


@pytest.mark.parametrize(("key", "number"), [("conflicts", 6), ("drift", 7), ("kept", 8)])
def test_counts_sort_by_number(show: Open, key: str, number: int) -> None:
    """A click on a count puts most on top, a second one fewest, and aria-sort says so."""
    page = ready(show())
    head = page.locator(f"th:has(> [data-sort={key}])")
    for direction, sign in (("descending", -1), ("ascending", 1)):
        head.locator("button").click()
        numbers = [int(text) for text in column(ready(page), number)]
        assert numbers == sorted(numbers, key=lambda value, sign=sign: sign * value)  # type: ignore[misc]
        assert head.get_attribute("aria-sort") == direction
    assert page.locator('[aria-sort]:not([aria-sort="none"])').count() == 1


def test_versions_sort_as_versions(show: Open) -> None:
    """3.9 comes before 3.10, by the keyboard too."""
    page = ready(show())
    page.focus("[data-sort=python]")
    page.keyboard.press("Enter")
    order = [text.split()[0] for text in column(ready(page), 5)]
    assert list(dict.fromkeys(order)) == ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]


def test_text_filters_over_names_owners_reasons_and_files(show: Open, rollout: Facts) -> None:
    """What is typed is looked for in all rows, in upper or lower case."""
    page = ready(show())
    page.fill("#text", "TIMEOUT 300")
    wanted = [row for row in rollout.rows if "--timeout 300" in row.hint]
    assert len(names(ready(page))) == len(wanted) > 20
    page.fill("#text", "scripts/deploy.sh")
    assert len(names(ready(page))) == rollout.edits_kept
    page.fill("#text", "nobody has this")
    assert page.is_visible("#nothing")
    assert names(page) == []


def test_filters_narrow_together(show: Open, rollout: Facts) -> None:
    """State, owner and version are all held to; Clear takes them back."""
    page = ready(show())
    for field, value in (("state", "conflict"), ("owner", "payments"), ("version", "4.9.0")):
        page.select_option(f"#{field}", value)
    wanted = [
        row.result.name
        for row in rollout.rows
        if (row.state, row.result.owner, row.after) == ("conflict", "payments", "4.9.0")
    ]
    assert sorted(names(ready(page))) == sorted(wanted)
    assert wanted
    page.click("text=Clear")
    assert len(names(ready(page))) == COUNT


@pytest.mark.parametrize(
    ("link", "field", "value"),
    [
        (".tile[data-state=failed]", "state", "failed"),
        (f"[data-version='{VERSION}']", "version", VERSION),
        (".heat [data-text=Dockerfile]", "text", "Dockerfile"),
        (".bars [data-text='pyproject.toml']", "text", "pyproject.toml"),
    ],
)
def test_charts_lead_to_their_repositories(show: Open, link: str, field: str, value: str) -> None:
    """A tile, a bar or a file of the heat map filters the table."""
    page = ready(show())
    page.locator(link).first.click()
    assert page.input_value(f"#{field}") == value
    assert 0 < len(names(ready(page))) < COUNT


def test_keyboard_alone(show: Open) -> None:
    """Tab reaches the first row, arrows go on, Enter opens, Tab goes into the details, Escape closes."""
    page = ready(show())
    page.focus("[data-sort=kept]")
    page.keyboard.press("Tab")
    first, second = names(page)[:2]
    focused = "document.activeElement.textContent"
    assert page.evaluate(focused) == first
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert (page.evaluate(focused), page.get_attribute(":focus", "aria-expanded")) == (second, "true")
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('.more'))")
    page.keyboard.press("Escape")
    assert (page.evaluate(focused), page.locator(".more").count()) == (second, 0)
    page.keyboard.press("End")
    assert page.evaluate(focused) == names(page)[-1]


def test_focus_can_be_seen(show: Open, few: Path) -> None:
    """What has the focus by the keyboard is outlined."""
    page = ready(show(at=few))
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_details_of_a_conflict(show: Open, rollout: Facts) -> None:
    """A row opens to its conflicts, how they are resolved, what changes, and its command."""
    row = next(
        row
        for row in rollout.rows
        if row.state == "conflict" and row.result.folder and row.result.drift and row.result.name.startswith("git")
    )
    page = ready(show())
    page.fill("#text", row.result.name)
    page.click(".open")
    text = page.inner_text(".more")
    assert f"Conflicts ({len(row.result.conflicts)})" in text
    assert "both sides changed these lines" in text
    assert f"new-ops-project update {row.result.folder} --to {VERSION} --preview" in page.inner_text(
        ".more .command code"
    )
    assert f"update {row.result.folder} --continue" in text
    assert row.result.drift[0].path in text
    assert page.get_attribute(".open", "aria-controls") == page.get_attribute(".more", "id")


def test_a_command_is_copied(show: Open, few: Path) -> None:
    """Copy puts exactly the command on the clipboard, and says so."""
    page = ready(show(at=few, permissions=["clipboard-read", "clipboard-write"]))
    page.click(".todo .copy >> nth=0")
    page.wait_for_selector("text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("new-ops-project fleet retry ")
    assert copied.endswith(" --only failed --out retry.json")


def test_pull_requests_are_links(show: Open) -> None:
    """A delivered row has its pull request, and tells that site nothing."""
    page = ready(show())
    page.select_option("#state", "delivered")
    page.click(".open >> nth=0")
    assert page.locator(".more a[href^='https://git.example.org/pull/']").get_attribute("rel") == "noopener noreferrer"


# ---- hostile names -------------------------------------------------------------------------------------------------


def test_hostile_names_are_text(show: Open) -> None:
    """Markup in names is shown as it is; every row opened makes no script, image or frame (see `show`)."""
    page = ready(show())
    page.evaluate("for (const open of [...document.querySelectorAll('.open')].slice(0, 200)) open.click()")
    assert page.locator("script").count() == 2
    assert page.locator("img, iframe, object, embed, svg[onload], h1 b").count() == 0
    assert {name for name in HOSTILE if "<" in name} <= set(names(page))
    assert page.evaluate("[...document.links].every((a) => ['file:', 'https:'].includes(a.protocol))")


def test_the_policy_stops_what_is_put_in(browser: Browser, few: Path, tmp_path: Path) -> None:
    """Were a name ever to become markup, the policy would still let nothing of it run or leave."""
    put = "<script>hacked=1</script><img src='https://example.org/x' onerror='hacked=1'><style>h1{color:red}</style>"
    other = tmp_path / "other.html"
    other.write_text(few.read_text("utf-8").replace("<main>", f"<main>{put}", 1), encoding="utf-8")
    page, left = browser.new_page(), []

    def stop(route: Route) -> None:
        left.append(route.request.url)
        route.abort()

    page.route("http*://**", stop)
    page.goto(other.as_uri())
    color = ready(page).evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert (left, color != "rgb(255, 0, 0)", page.evaluate("typeof hacked")) == ([], True, "undefined")
    page.context.close()


# ---- looks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [PHONE, ViewportSize(width=768, height=900), WIDE], ids=["phone", "tablet", "desktop"])
def test_nothing_is_wider_than_the_screen(show: Open, few: Path, size: ViewportSize) -> None:
    """The page never scrolls sideways, with details of the longest name open, too."""
    page = ready(show(size, few))
    page.evaluate("for (const open of [...document.querySelectorAll('.open')].slice(0, 60)) open.click()")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    wide = """[...document.querySelectorAll('main *')].filter((at) => !at.closest('.scroll, svg')
        && at.getBoundingClientRect().right > innerWidth + 1).map((at) => at.outerHTML.slice(0, 200))"""
    assert page.evaluate(wide) == []


def test_a_phone_shows_every_value(show: Open, few: Path) -> None:
    """Beside each value of a row stands what it is, since there are no columns."""
    page = ready(show(PHONE, few))
    page.select_option("#state", "conflict")
    label = "getComputedStyle(document.querySelector('.row .number:not(.zero)'), '::before').content"
    assert "Conflicts" in page.evaluate(label)
    assert page.is_visible(".row .state")


# Each text with what is behind it, by the formula of WCAG 2.2 for relative luminance; those below 4.5 are returned.
CONTRAST = r"""() => {
  const parse = (text) => {
    const all = text.match(/[\d.]+/g).map(Number);
    const rgb = all.slice(0, 3).map((one) => text.startsWith("color(") ? one * 255 : one);
    return { rgb, a: all.length > 3 ? all[3] : 1 };
  };
  const over = (top, below) => top.rgb.map((one, at) => one * top.a + below[at] * (1 - top.a));
  const linear = (one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
  const light = (rgb) => [0.2126, 0.7152, 0.0722].reduce((sum, part, at) => sum + part * linear(rgb[at] / 255), 0);
  const ratio = (...both) => {
    const [a, b] = both.map(light).sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const style = (at) => getComputedStyle(at);
  const behind = (at) => at ? over(parse(style(at).backgroundColor), behind(at.parentElement)) : [255, 255, 255];
  const low = new Map();
  const look = (at, text, below) => {
    if (ratio(text, below) < 4.5) low.set(`${at.tagName}.${at.className} ${ratio(text, below)}`, at.textContent);
  };
  for (const at of document.querySelectorAll("body *")) {
    if (at.closest("script, style, noscript, option, svg, .skip") || !at.checkVisibility()) continue;
    if (![...at.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim())) continue;
    look(at, over(parse(style(at).color), behind(at)), behind(at));
  }
  for (const at of document.querySelectorAll("svg text")) {
    const bar = document.querySelector(`rect.${at.getAttribute("class")}`);
    look(at, parse(style(at).fill).rgb, parse(style(bar).fill).rgb);
  }
  return [...low];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(show: Open, few: Path, scheme: str) -> None:
    """Every text stands out from what is behind it by 4.5 to 1 (WCAG 2.2, 1.4.3), in details, too."""
    page = ready(show(at=few, color_scheme=scheme))
    page.evaluate("for (const open of [...document.querySelectorAll('.open')].slice(0, 40)) open.click()")
    assert page.evaluate(CONTRAST) == []


def test_dark_mode_is_dark(show: Open, few: Path) -> None:
    """The page follows what the system prefers."""
    look = (
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((sum, one) => sum + +one, 0)"
    )
    assert show(at=few, color_scheme="dark").evaluate(look) < 150
    assert show(at=few, color_scheme="light").evaluate(look) > 600


def test_no_motion_where_none_is_wanted(show: Open, few: Path) -> None:
    """Nothing moves for those who asked for that."""
    moves = "getComputedStyle(document.querySelector('.open'), '::before').transitionDuration"
    assert ready(show(at=few, reduced_motion="reduce")).evaluate(moves) == "0s"
    assert ready(show(at=few, reduced_motion="no-preference")).evaluate(moves) != "0s"


def test_states_differ_by_more_than_color(show: Open, few: Path) -> None:
    """Each state has its word and a shape of its own."""
    page = ready(show(at=few))
    glyphs = page.locator("a.tile .glyph").all_inner_texts()
    assert len(set(glyphs)) == len(glyphs) == 7


def test_printing_has_all_rows(show: Open) -> None:
    """On paper there is every row and no filter."""
    page = show()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#rows .row").count() == COUNT
    assert not page.is_visible(".filters")


def test_without_javascript(show: Open, rollout: Facts) -> None:
    """Counts, charts and a plain table with every repository are there."""
    page = show(java_script_enabled=False)
    assert page.locator("table.plain tbody tr").count() == COUNT
    assert page.locator(".tile[data-state=failed] b").inner_text() == str(rollout.by_state["failed"])  # type: ignore[index]
    assert page.locator(".heat td").count() > 20
    assert not page.is_visible(".filters")
    assert not page.is_visible(".copy")
