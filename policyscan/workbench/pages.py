"""Writes what is made of the built-in rules and their fixtures: their pages and their examples.

`python -m policyscan.workbench.pages [FOLDER]` writes the pages to a folder, and into the pack the
examples that `policyscan rule` shows and the list of rules that Checkov is told.
"""

from __future__ import annotations

import sys
from pathlib import Path

from policyscan.engine import GATE, HOSTED, built_in_pack, load_pack
from policyscan.report.page import page_of
from policyscan.report.rule_pages import Example, rule_pages
from policyscan.report.rule_text import EXAMPLES, written_examples
from policyscan.workbench.example import examples_of
from policyscan.workbench.fixture import fixtures_of


def made_examples(folder: Path) -> dict[str, Example]:
    """The example of each built-in rule; `folder` is that of the pages."""
    pack = built_in_pack()
    return examples_of(load_pack(pack), fixtures_of(pack), folder.resolve())


def made_pages(examples: dict[str, Example]) -> dict[str, str]:
    """The pages of the built-in rules by their file names."""
    return rule_pages((GATE, *load_pack(built_in_pack())), examples)


def write_pages(folder: Path, examples: dict[str, Example]) -> None:
    """Write every page, and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = made_pages(examples)
    for stale in set(folder.glob("*.md")) - {folder / name for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def hosted_table() -> tuple[Path, str]:
    """The file that tells the bridge to Checkov the built-in rules, and its text."""
    pack = built_in_pack()
    rules = [each.rule for each in (GATE, *load_pack(pack))]
    # Not JSON: Checkov would take it for a policy.
    rows = [(rule.id, rule.name, rule.title, rule.severity, page_of(rule)) for rule in rules]
    return pack / HOSTED / "rules.tsv", "".join("\t".join(row) + "\n" for row in rows)


def main(folder: Path) -> None:
    """Write the pages to a folder, the examples and the bridge's table into the pack."""
    examples = made_examples(folder)
    write_pages(folder, examples)
    (built_in_pack() / EXAMPLES).write_text(written_examples(examples), encoding="utf-8")
    table, text = hosted_table()
    table.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/rules"))
