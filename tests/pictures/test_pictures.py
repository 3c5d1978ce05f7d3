"""The README's pictures are current, and show nothing of the machine that drew them."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from tests.pictures.draw import COMMANDS, FOLDER, ROOT, cut, drawn
from tests.pictures.pages import PAGES

PICTURES = pytest.mark.parametrize("name", COMMANDS)


def svg(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


def words(name: str) -> str:
    """What there is to read in a picture."""
    text = "\n".join(ET.fromstring(svg(name)).itertext())  # noqa: S314 - ours
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.usefixtures("terraform")
@PICTURES
def test_a_picture_is_what_a_terminal_shows(name: str) -> None:
    assert svg(name) == drawn(name), "run `make pictures`"


def test_the_readme_shows_every_picture_and_no_other_lies_about() -> None:
    shown = re.findall(r"\(docs/pictures/(\S+)\)", (ROOT / "README.md").read_text())
    made = [*(f"{name}.svg" for name in COMMANDS), *(f"{name}.png" for name in PAGES)]
    assert sorted(shown) == sorted(made) == sorted(each.name for each in FOLDER.iterdir())


def test_pictures_of_the_page_are_small_and_hold_nothing_but_a_picture() -> None:
    """Fonts differ, so that no machine draws them to the byte as another did."""
    for name in PAGES:
        content = (FOLDER / f"{name}.png").read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) < 250_000
        assert not re.search(rb"tEXt|iTXt|eXIf", content)


@PICTURES
def test_a_picture_loads_nothing_and_is_small(name: str) -> None:
    text = svg(name)
    assert re.findall(r"\w+://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert re.findall(r"href|@import|@font-face|<script|<image|<foreignObject", text) == []
    assert [each for each in re.findall(r"url\(([^)]*)\)", text) if not each.startswith("#")] == []
    assert len(text.encode()) < 50_000


@PICTURES
def test_a_picture_does_not_name_the_machine(name: str) -> None:
    found = words(name)
    # Every path in it is one of this repository, and no clock is in it.
    assert re.findall(r"(?<![\w.])/\w+|\w:\\", found) == []
    assert re.findall(r"\d\d:\d\d|\b20\d\d\b|\d ?m?s\b", found) == []


@PICTURES
def test_a_picture_has_its_command_a_summary_and_colours(name: str) -> None:
    found = words(name)
    assert f"$ policyscan {' '.join(COMMANDS[name])}" in found
    assert ("FAIL: " if name == "findings" else "PASS: nothing fails") in found
    assert len(set(re.findall(r"fill: (#\w+)", svg(name)))) > 1


def test_what_a_picture_leaves_out_is_counted() -> None:
    report = "\n".join(
        [
            *("PS101 a  high  x", "    why", "", "PS102 b  high  y", "", "PS103 c  low  z", ""),
            *("plan.json: 3 resources", "3 verdicts: 3 fail", "FAIL: 2 high, 1 low", ""),
        ]
    )
    assert cut(report).replace("\x1b[2m", "").replace("\x1b[0m", "").splitlines() == [
        *("PS101 a  high  x", "    why", "", "… 2 more findings", ""),
        *("plan.json: 3 resources", "3 verdicts: 3 fail", "FAIL: 2 high, 1 low"),
    ]
