"""Writes the pages of the built-in rules: `python -m policyscan.workbench.pages`."""

from __future__ import annotations

import sys
from pathlib import Path

from policyscan.engine import GATE, built_in_pack, load_pack
from policyscan.report.rule_pages import rule_pages
from policyscan.workbench.example import examples_of
from policyscan.workbench.fixture import fixtures_of


def made_pages(folder: Path) -> dict[str, str]:
    """The pages of the built-in rules by their file names, to stand in a folder."""
    pack = built_in_pack()
    rules = load_pack(pack)
    return rule_pages((GATE, *rules), examples_of(rules, fixtures_of(pack), folder.resolve()))


def write_pages(folder: Path) -> None:
    """Write every page, and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = made_pages(folder)
    for stale in set(folder.glob("*.md")) - {folder / name for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/rules"))
