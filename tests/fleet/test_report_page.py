"""Pages of fleets: one file without a script, in a real browser and as a file."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from policyscan.cli.commands import run
from policyscan.report.screen import plain
from tests.fleet.made import MORNING, plan, verdict, write
from tests.fleet.plainly import drawn
from tests.report.browser import Opened, chromium, opened
from tests.report.hostile import PARTS

HOSTILE = sorted({part.encode(errors="replace").decode() for part in PARTS})
READY = "body"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("out")
    for name, salt, at in (("1", "before", MORNING), ("2", "now", MORNING + timedelta(days=1))):
        rows = drawn(1, salt)
        write(place, name, rows.plans, rows.verdicts, at=at)
    return place


def page_of(out: Path, name: str, path: Path, *flags: str) -> Path:
    asks = ["fleet", "report", name, "--from", str(out), "-f", "html", "-o", str(path)]
    assert run([*asks, *flags]) == 0
    return path


@pytest.mark.parametrize("name", ["overview", "trend"])
def test_a_page_may_do_nothing_but_look_as_it_does(out: Path, tmp_path: Path, name: str) -> None:
    text = page_of(out, name, tmp_path / "page.html").read_text()
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert re.findall(r'Content-Security-Policy" content="(.*?)"', text) == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]
    assert "<script" not in text
    assert re.findall(r"https?://(?!www\.w3\.org/)", text) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read_by_everybody_in_light_and_in_dark(
    browser: Browser, out: Path, tmp_path: Path, scheme: str
) -> None:
    for name in ("overview", "trend"):
        page = page_of(out, name, tmp_path / f"{name}.html")
        with opened(browser, page, ready=READY, color_scheme=scheme) as one:
            assert one.violations() == []
            assert one.trouble == []


def test_all_of_a_page_is_reached_by_keyboard(browser: Browser, out: Path, tmp_path: Path) -> None:
    path = page_of(out, "overview", tmp_path / "page.html")
    with opened(browser, path, ready=READY, viewport={"width": 500, "height": 500}) as one:
        regions = [one.page.get_by_role("region", name=each) for each in one.texts("h2")]
        reached = []
        for _ in range(40):
            one.page.keyboard.press("Tab")
            reached.append(one.eval("document.activeElement.getAttribute('aria-labelledby')"))
        named = [each.get_attribute("aria-labelledby") for each in regions if each.count()]
        assert [each for each in dict.fromkeys(reached) if each] == [*dict.fromkeys(named)]
        one.page.get_by_role("link", name="Worst workspaces").focus()
        one.page.keyboard.press("Enter")
        assert one.eval("location.hash") == "#worst"
        assert one.trouble == []


def test_a_heat_map_says_in_signs_what_it_says_in_colours(
    browser: Browser, out: Path, tmp_path: Path
) -> None:
    path = page_of(out, "matrix", tmp_path / "page.html", "--top", "8")
    with opened(browser, path, ready=READY) as one:
        cells = cells_of(one)
        assert {"fail", "unknown"} <= {kind for kind, _ in cells}
        for kind, sign in cells:
            signs = {"error": "!", "unknown": "?", "waived": "w", "ok": ".", "not judged": "-"}
            assert sign == signs[kind] if kind in signs else int(sign) > 0
        assert one.texts("thead th")[-1] == "others that fail"


def cells_of(one: Opened) -> list[tuple[str, str]]:
    """What each cell of the matrix is called, and the sign in it."""
    script = "[...document.querySelectorAll('.matrix td')].map((e) => [e.title, e.textContent])"
    return [(kind, text.removesuffix(f" {kind}")) for kind, text in one.eval(script)]


def test_what_strangers_write_stays_text(browser: Browser, tmp_path: Path) -> None:
    found = [verdict(each, each, each, name=each, message=each) for each in HOSTILE]
    plans = [plan(each, outcome="inconclusive", reason=each) for each in HOSTILE]
    write(tmp_path, "1", plans, found)
    write(tmp_path, "2", plans, found, at=MORNING + timedelta(days=1))
    for name in ("overview", "new", "lost"):
        path = page_of(tmp_path, name, tmp_path / f"{name}.html", "--top", "99")
        with opened(browser, path, ready=READY) as one:
            assert one.trouble == []
            assert one.eval("document.querySelectorAll('script, img, iframe, details').length") == 0
            if name == "lost":
                script = "[...document.querySelectorAll('#lost + div td:nth-child(3)')]"
                cells = one.eval(f"{script}.map((cell) => cell.textContent)")
                assert sorted(map(plain, HOSTILE)) == sorted(cells)
