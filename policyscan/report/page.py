"""Where the page of a rule is."""

from __future__ import annotations

from policyscan.rule import Rule

_OWN = "PS"
"""What the ids of the built-in rules start with; the pages of others are in their packs."""


def page_of(rule: Rule) -> str:
    """Where to read on about a rule: its file, or the command that prints it."""
    return f"docs/rules/{rule.id}.md" if rule.id.startswith(_OWN) else f"policyscan rule {rule.id}"
