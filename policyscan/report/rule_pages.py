"""One page per rule, of its file and of what its fixtures show; and the index of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from policyscan.engine import PackRule
from policyscan.report.checkov_page import CHECKOV_PAGE, checkov_page, relations_of
from policyscan.rule import Phase

_NOTICE = "<!-- Made from the rule's file and its fixtures by `make docs`; change them there. -->"
_GROUPS = {
    "GATE": "Before all others",
    "DEPLOY": "It deploys and starts",
    "NET": "The network carries it",
    "IMG": "The images are right",
    "SCALE": "It scales",
    "IAM": "Permissions are narrow",
    "OBS": "It can be watched",
    "HA": "It survives a zone",
    "NAMING": "Names, tags and regions",
    "LIFECYCLE": "It can be destroyed again",
    "COST": "Nothing is paid for in vain",
}
"""What the groups of the built-in rules are about; others are called as they are."""


class Trap(Struct, frozen=True):
    """Something that looks like what a rule objects to, or like what it wants, and is not.

    `place` is the fixture it stands in, as a path from the page.
    """

    words: str
    address: str
    verdict: str
    place: str


class Example(Struct, frozen=True):
    """What the fixtures of a rule show of it; "" and empty where they show nothing.

    `failing` and `passing` are HCL, `told` is the finding that the failing one gets.
    """

    failing: str = ""
    told: str = ""
    passing: str = ""
    traps: tuple[Trap, ...] = ()
    strikes: frozenset[Phase] = frozenset()


def rule_pages(
    pack: tuple[PackRule, ...], examples: Mapping[str, Example] | None = None
) -> dict[str, str]:
    """Every page by its file name; `examples` are by the id of the rule."""
    shown = examples or {}
    pages = {
        f"{each.rule.id}.md": rule_page(each, shown.get(each.rule.id, Example())) for each in pack
    }
    index = {"README.md": index_page(pack, shown), CHECKOV_PAGE: checkov_page(pack)}
    return {**index, **pages}


def rule_page(each: PackRule, example: Example) -> str:
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
        *_example(example),
        *_traps(example.traps),
    ]
    if rule.parameters:
        lines += ["## Parameters", ""]
        lines += [
            f"- `{rule.id}.{one.name}` ({_shown(one.default)}): {one.description}"
            for one in rule.parameters
        ]
        lines.append("")
    if rule.checkov:
        lines += ["## Beside Checkov", "", *(f"- {each}" for each in relations_of(rule)), ""]
    return "\n".join(lines)


def index_page(pack: tuple[PackRule, ...], examples: Mapping[str, Example]) -> str:
    """The Markdown index: a table for each group, in the order of the ids."""
    groups: dict[str, list[PackRule]] = {}
    for each in pack:
        groups.setdefault(each.rule.group, []).append(each)
    lines = [
        _NOTICE,
        "# Rules",
        "",
        "Strikes: when it shows that nobody mended a failure, as the fixtures of the rule have it.",
        "",
    ]
    for group, rules in groups.items():
        lines += [
            f"## {group}: {_GROUPS[group]}" if group in _GROUPS else f"## {group}",
            "",
            "| rule | severity | strikes | holds when |",
            "| --- | --- | --- | --- |",
            *(_row(each, examples.get(each.rule.id, Example())) for each in rules),
            "",
        ]
    return "\n".join(lines)


def _row(each: PackRule, example: Example) -> str:
    rule = each.rule
    strikes = ", ".join(phase for phase in Phase if phase in example.strikes) or "-"
    return f"| [{rule.id} {rule.name}]({rule.id}.md) | {rule.severity} | {strikes} | {rule.title} |"


def _example(example: Example) -> Iterator[str]:
    if not (example.failing or example.passing):
        return
    yield from ("## Example", "")
    if example.failing:
        yield from ("This fails:", "", *_fenced("hcl", example.failing))
        yield from ("It is reported as", "", *_fenced("text", example.told))
    if example.passing:
        yield from ("This passes:", "", *_fenced("hcl", example.passing))


def _fenced(language: str, text: str) -> tuple[str, ...]:
    return f"```{language}", text, "```", ""


def _traps(traps: Iterable[Trap]) -> Iterator[str]:
    lines = [
        f"- {each.words}: [`{each.address}`]({each.place}) gets {each.verdict}" for each in traps
    ]
    if lines:
        yield from ("## Looks alike", "", *lines, "")


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
