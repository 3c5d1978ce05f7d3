"""Writes one page per rule from the rule files: `python -m policyscan.report.rule_pages DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

from policyscan.engine import GATE, PackRule, built_in_pack, load_pack

_NOTICE = "<!-- Made from the rule's file by `make docs`; change it there. -->"


def rule_page(each: PackRule) -> str:
    """The Markdown page of one rule."""
    rule = each.rule
    judged = ", ".join(f"`{name}`" for name in rule.types) or "the plan"
    lines = [
        _NOTICE,
        f"# {rule.id} {rule.name}",
        "",
        f"{rule.title}.",
        "",
        f"Severity: {rule.severity}. Group: {rule.group}. Judges: {judged}.",
        "",
        each.page,
        "",
    ]
    if rule.parameters:
        lines += ["## Parameters", ""]
        lines += [
            f"- `{rule.id}.{one.name}` ({_shown(one.default)}): {one.description}"
            for one in rule.parameters
        ]
        lines.append("")
    return "\n".join(lines)


def index_page(pack: tuple[PackRule, ...]) -> str:
    """The Markdown table of all rules."""
    rows = [
        f"| [{each.rule.id}]({each.rule.id}.md) | {each.rule.name} | {each.rule.severity} "
        f"| {each.rule.title} |"
        for each in pack
    ]
    return "\n".join(
        [
            _NOTICE,
            "# Rules",
            "",
            "| id | name | severity | holds when |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def rule_pages(pack: tuple[PackRule, ...]) -> dict[str, str]:
    """Every page by its file name, that of the gate among them."""
    rules = (GATE, *pack)
    pages = {f"{each.rule.id}.md": rule_page(each) for each in rules}
    return {"README.md": index_page(rules), **pages}


def write_pages(folder: Path) -> None:
    """Write every page, and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = rule_pages(load_pack(built_in_pack()))
    for stale in set(folder.glob("*.md")) - {folder / name for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    write_pages(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/rules"))
