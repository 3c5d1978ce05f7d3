"""docs/fidelity.md: how far offline plans are the real provider's; `make fidelity` writes it.

Nothing here plans: the figures are in `result.json`, the reasons in `explanations.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.fidelity.stored import FIXTURES, REAL, Explanation, all_differences

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "fidelity.md"
NEEDED = 99.5
"""Per cent of the leaves of a create plan, of types with full tables, that are to be equal."""
_HEAD = """\
# How faithful offline plans are

[Offline plans](offline.md) are made by Terraform's own core over a provider of ours. This page says
how far they are the plans of the real one. `make fidelity` measures it and writes the page: it
installs the AWS provider {provider}, which pip can fetch, into an environment of its own, plans
{count} configurations with it and with ours, and compares leaf by leaf. Planning needs no account
and no network. The configurations lie in
[tests/fidelity/configurations](../tests/fidelity/configurations).

Each is planned twice: all new, and changed. For the change, our planner applies the configuration
in simulation; both providers then plan the same change of the same state, in which resources are
updated, replaced, created, deleted and left alone. **{same} of {changes} resources have the same
action in both plans of the change, for the same attributes, and {created_same} of {created} when
all is new.**

A leaf is what an attribute holds where it is no collection: a value, null, or "known after apply".
A block that both plans leave out is none. Our schema is that of provider 6.66, so some leaves have
nothing to be compared with. They are counted apart, in the last columns:

- **redefined**: the leaf differs, and so do the schemas: on its type, or on whether it is required,
  optional or computed. `name_prefix` is null in 3.39 and "known after apply" since AWS computes it.
- **superseded**: the leaf differs, since the provider changed in what no schema says: a default, a
  block that AWS fills, how a text is written. Each is listed below with the version and the reason.
- **newer**: the attribute came after 3.39. **gone**: it is no longer there.

Of a change plan, the leaves of resources that are created, updated or replaced count. With the
redefined and superseded leaves counted against us, {strict:.2f} % of all leaves that both schemas
have are equal.
"""
_TYPES = """\

## By type

How far our tables reach for a type is said in [offline.md](offline.md#what-is-known-of-types).

"""
_DIFFERENCES = """\

## What differs, and why

Every difference is listed here with the reason; one without a reason makes `make fidelity` fail, as
does another action.

"""
_FIXTURES = """\

## Plans that nobody chose

The configurations above were written to be measured, and what they showed was mended. The
project's own fixtures were not: they are what rules are tested with. 3.39 can plan {plans} of those
that are planned all new; the other {refused} ask for what is newer, or for an account. They hold
{resources} resources, of which {same_actions} have the same action.

"""
_REDEFINED = """\

## What the schemas say differently

These leaves differ because the attribute itself changed between 3.39 and 6.66.

"""
_PUBLISHED = """\

## Plans that others published

3.39 cannot tell what newer providers plan. These plans were published by others; the facts taken
from them lie beside a configuration that plans the same resources, in
[tests/fidelity/published](../tests/fidelity/published). What the provider of such a plan did not
have yet is newer. Texts for people do not print what is null or empty, so that these are one here.

"""


def page(measured: Mapping[str, Any], known: Sequence[Explanation]) -> str:
    """The whole page."""
    plans = measured["configurations"]
    created = [each["create"] for each in plans.values()]
    changed = [each["change"] for each in plans.values()]
    return "".join(
        [
            _HEAD.format(
                provider=measured["provider"],
                count=len(plans),
                same=_sum(changed, "same_actions"),
                changes=_sum(changed, "resources"),
                created_same=_sum(created, "same_actions"),
                created=_sum(created, "resources"),
                strict=_strictly(each["leaves"] for each in (*created, *changed)),
            ),
            *_of_plans("All new", plans, "create"),
            *_of_plans("Changed", plans, "change"),
            _TYPES,
            *_of_tables(measured["types"]),
            "\n",
            *_of_types(measured["types"]),
            _DIFFERENCES,
            *_reasons(REAL, measured, known),
            *_of_fixtures(measured, known),
            _REDEFINED,
            *_redefined(measured["differences"]),
            _PUBLISHED,
            *_of_published(measured, known),
        ]
    )


def _strictly(counts: Iterable[Mapping[str, int]]) -> float:
    leaves = added(counts)
    against = ("equal", "differs", "redefined", "superseded")
    return 100 * leaves["equal"] / sum(leaves[name] for name in against)


def _sum(plans: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(plan[name] for plan in plans)


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A table whose first column is text, and the others figures."""
    yield f"| {' | '.join(columns)} |\n"
    yield f"| --- |{' ---: |' * (len(columns) - 1)}\n"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |\n"


_FIGURES = ("compared", "equal", "", "redefined", "superseded", "newer", "gone")
_APART = _FIGURES[3:]


def _figures(leaves: Mapping[str, int]) -> tuple[object, ...]:
    compared = leaves["equal"] + leaves["differs"]
    share = percent(leaves)
    apart = (leaves[name] for name in _APART)
    return (compared, leaves["equal"], "" if share is None else f"{share:.2f} %", *apart)


def percent(leaves: Mapping[str, int]) -> float | None:
    """How many of the leaves that can be compared are equal; None: there are none."""
    compared = leaves["equal"] + leaves["differs"]
    return 100 * leaves["equal"] / compared if compared else None


def added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of several counts of leaves."""
    total = dict.fromkeys(("equal", "differs", *_APART), 0)
    for count in counts:
        for name in total:
            total[name] += count[name]
    return total


def _of_plans(title: str, plans: Mapping[str, Any], which: str) -> Iterator[str]:
    yield f"\n## {title}\n\n"
    rows = [
        (f"[{name}](../tests/fidelity/configurations/{name}/main.tf)", *_row(plan[which]))
        for name, plan in plans.items()
    ]
    total = {
        "resources": sum(plan[which]["resources"] for plan in plans.values()),
        "actions": _actions(plan[which]["actions"] for plan in plans.values()),
        "leaves": added(plan[which]["leaves"] for plan in plans.values()),
    }
    yield from _table(
        ("configuration", "resources", "actions", *_FIGURES), [*rows, ("**all**", *_row(total))]
    )


def _row(plan: Mapping[str, Any]) -> tuple[object, ...]:
    actions = ", ".join(f"{count} {name}" for name, count in plan["actions"].items())
    return (plan["resources"], actions, *_figures(plan["leaves"]))


def _actions(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            total[name] = total.get(name, 0) + number
    return dict(sorted(total.items()))


def _of_tables(types: Mapping[str, Any]) -> Iterator[str]:
    rows = []
    for table in sorted({each["table"] for each in types.values()}):
        of_it = [each for each in types.values() if each["table"] == table]
        for which, title in (("create", "all new"), ("change", "changed")):
            leaves = added(each[which] for each in of_it)
            rows.append((f"{table}, {title}", len(of_it), *_figures(leaves)))
    yield from _table(("tables", "types", *_FIGURES), rows)


def _of_types(types: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (f"`{name}`", each["table"], *_figures(added((each["create"], each["change"]))))
        for name, each in types.items()
    ]
    yield from _table(("type", "tables", *_FIGURES), rows)


def _reasons(plan: str, measured: Mapping[str, Any], known: Sequence[Explanation]) -> Iterator[str]:
    """The differences to one plan, by what explains them."""
    found = [each for name, each in all_differences(measured) if name == plan]
    for reason in known:
        about = [each for each in found if reason.is_about(plan, each)]
        found = [each for each in found if each not in about]
        if about:
            since = f"Since {reason.since}: " if reason.since else ""
            yield f"- {since}{reason.why}\n\n"
            yield from _listed(about)
            yield "\n"
    if not found:
        return
    yield "- Not explained:\n\n"
    yield from _listed(found)


def _of_fixtures(measured: Mapping[str, Any], known: Sequence[Explanation]) -> Iterator[str]:
    fixtures = measured["fixtures"]
    yield _FIXTURES.format(**fixtures)
    yield from _table(("plans", *_FIGURES), [("fixtures", *_figures(fixtures["leaves"]))])
    yield "\n"
    yield "".join(_reasons(FIXTURES, measured, known)).rstrip()
    yield "\n"


def _listed(differences: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for each in differences:
        times = f", {each['leaves']} times" if each["leaves"] > 1 else ""
        yield (
            f"  - `{each['type']}.{each['path']}`{times}: offline {_code(each['ours'])}, "
            f"there {_code(each['theirs'])}\n"
        )


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _redefined(differences: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        (f"`{each['type']}.{each['path']}`", each["schemas"]["theirs"], each["schemas"]["ours"])
        for each in differences
        if each["category"] == "redefined"
    ]
    yield "| attribute | 3.39 | 6.66 |\n| --- | --- | --- |\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


def _of_published(measured: Mapping[str, Any], known: Sequence[Explanation]) -> Iterator[str]:
    rows = [
        (
            f"[{name}](../tests/fidelity/published/{name}/main.tf)",
            plan["provider"],
            plan["resources"],
            plan["same_actions"],
            *_figures(plan["leaves"])[:3],
            plan["leaves"]["superseded"],
            plan["leaves"]["newer"],
        )
        for name, plan in measured["published"].items()
    ]
    columns = ("plan", "provider", "resources", "same action", *_FIGURES[:3], "superseded", "newer")
    yield from _table(columns, rows)
    for name, plan in measured["published"].items():
        yield f"\n`{name}` is {plan['source']}.\n"
        if reasons := "".join(_reasons(name, measured, known)):
            yield f"\n{reasons.rstrip()}\n"
