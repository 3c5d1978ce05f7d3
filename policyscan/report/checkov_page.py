"""What rules have to do with Checkov's checks: on the page of each, and on one of all."""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.engine import PackRule
from policyscan.rule import Agrees, Opposes, Rule

CHECKOV_PAGE = "checkov.md"
_NOTICE = "<!-- Made from the rules' files by `make docs`; change them there. -->"
_SAME = """\
## The same problem

Where both fail at one address, mending one mends the other. Both findings stay as they are; the
check's names the rule as `shared_with`.
"""
_OPPOSITE = """\
## The opposite

What passes the rule fails the check, and what passes the check fails the rule. Where the rule has
judged the address, set as the last column says, it wins: the check's failure names it as `conflict`
and fails no scan.
"""


def relations_of(rule: Rule) -> Iterator[str]:
    """A sentence for each check that a rule has to do with."""
    for each in rule.checkov:
        says, whose = "finds the same", "both want"
        if isinstance(each, Opposes):
            says, whose = "asks for the opposite", "this rule wants"
        where = f" where {when}" if (when := _when(rule, each)) else ""
        yield f"`{each.check}` {says}{where}: {whose} {each.wants}"


def checkov_page(pack: tuple[PackRule, ...]) -> str:
    """The Markdown page of all of them: a table of each sort, in the order of the rules."""
    lines = [_NOTICE, "# Rules beside Checkov's checks", ""]
    for head, kind, wanted in (
        (_SAME, Agrees, "both want"),
        (_OPPOSITE, Opposes, "the rule wants"),
    ):
        lines += [head, f"| rule | check | {wanted} | where |", "| --- | --- | --- | --- |"]
        lines += [
            f"| [{rule.id}]({rule.id}.md) | {one.check} | {one.wants} | {_when(rule, one) or '-'} |"
            for rule in (each.rule for each in pack)
            for one in rule.checkov
            if isinstance(one, kind)
        ]
        lines.append("")
    return "\n".join(lines)


def _when(rule: Rule, relation: Agrees | Opposes) -> str:
    """What the rule is set to, where that matters."""
    return " and ".join(
        f"`{rule.id}.{one.parameter}` is {_listed(one.values)}" for one in relation.when
    )


def _listed(values: tuple[int | str, ...]) -> str:
    *first, last = (f"`{value}`" for value in values)
    return f"{', '.join(first)} or {last}" if first else last
