"""The reports that are ready: questions about a fleet, as SQL, and what to know beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from policyscan.errors import FleetError
from policyscan.fleet.query import answered
from policyscan.fleet.told import MATRIX, Table, Told, taken
from policyscan.fleet.views import Asked, Views, opened, written


class Section(Struct, frozen=True):
    """A table of a report: the name of its SQL, its title, and what is said where it is empty.

    One that `compares` needs two runs. One that `is_whole` has few rows, or keeps to the worst
    workspaces by itself; all others are as long as `Asked.top` says.
    """

    name: str
    title: str
    nothing: str
    compares: bool = False
    is_whole: bool = False

    @property
    def sql(self) -> str:
        """The question, to start own ones from."""
        return written(self.name)


class Report(Struct, frozen=True):
    """What `policyscan fleet report NAME` tells; one that `compares` needs two runs."""

    name: str
    title: str
    sections: tuple[Section, ...]
    compares: bool = False


_SEVERITIES: Final = Section("severities", "Failures by severity", "", is_whole=True)
_CHANGED: Final = Section(
    "changed", "Since the earlier run", "no failure in either run", compares=True, is_whole=True
)
_MATRIX: Final = Section(
    MATRIX, "Rules by workspaces", "no rule fails or is undecided", is_whole=True
)
_WORST: Final = Section("worst", "Worst workspaces", "no workspace fails")
_RULES: Final = Section("rules", "Rules by how many workspaces fail them", _MATRIX.nothing)
_REASONS: Final = Section("lost_reasons", "Why plans could not be judged", "every plan was judged")
_NOT_COMPARABLE: Final = Section(
    "not_comparable", "Workspaces that are not comparable", "all are comparable", compares=True
)
REPORTS: Final = {
    each.name: each
    for each in (
        Report(
            "overview",
            "Overview",
            (_SEVERITIES, _CHANGED, _MATRIX, _WORST, _RULES, _REASONS),
        ),
        Report("matrix", "Rules by workspaces", (_MATRIX,)),
        Report("worst", "Worst workspaces", (_WORST,)),
        Report("rules", "Rules", (_RULES,)),
        Report(
            "trend",
            "Trend",
            (
                _CHANGED,
                Section("trend_rules", "By rule", _CHANGED.nothing, compares=True),
                Section("trend_workspaces", "By workspace", _CHANGED.nothing, compares=True),
                _NOT_COMPARABLE,
                Section("trend_runs", "All runs", ""),
            ),
            compares=True,
        ),
        Report(
            "new",
            "New failures",
            (Section("new", "New failures", "nothing new", compares=True), _NOT_COMPARABLE),
            compares=True,
        ),
        Report(
            "fixed",
            "Fixed failures",
            (Section("fixed", "Fixed failures", "nothing fixed", compares=True), _NOT_COMPARABLE),
            compares=True,
        ),
        Report(
            "lost",
            "Plans that could not be judged",
            (_REASONS, Section("lost", "The plans", _REASONS.nothing)),
        ),
    )
}
"""Every report, by its name."""
_JUDGED: Final = written("judged")
_CRITERIA: Final = "select distinct rules from {} where outcome <> 'failed' order by rules"
_WHY: Final = "select why, count(*), sum(findings)::bigint from ({}) group by why order by why"


def sql_of(report: Report) -> str:
    """The SQL of a report, each of its tables under its title."""
    return "\n".join(f"{section.sql.rstrip()};\n" for section in report.sections)


def told(report: Report, out: str, asked: Asked) -> Told:
    """What a report finds in an output of a fleet.

    Raises FleetError: it needs two runs and there is one. Raises PolicyscanError: as `opened`.
    """
    asks = [each.sql for each in report.sections] + [_JUDGED]
    with opened(out, asked, "\n".join(asks)) as views:
        if report.compares and views.previous is None:
            raise FleetError(
                f"{out}: {report.name} compares two runs, and there is none before "
                f"{views.latest.name}: scan again, or compare others with --run and --since"
            )
        sections = [each for each in report.sections if views.previous or not each.compares]
        facts = _facts(views)
        if any(each.compares for each in report.sections):
            facts |= _comparison(views)
        tables = tuple(_table(views, each, asked.top) for each in sections)
        notes = (*_of_run(facts), *_of_comparison(facts), *_of_narrowing(asked))
    return Told(report.name, f"{report.title} of {out}", notes, facts, tables)


def _table(views: Views, section: Section, top: int) -> Table:
    answer = answered(views, section.sql)
    rows, more = taken(answer.rows, 0 if section.is_whole else top)
    return Table(section.name, section.title, answer.columns, rows, more, section.nothing)


def _facts(views: Views) -> dict[str, Any]:
    judged = answered(views, _JUDGED)
    return {
        "run": views.latest.name,
        "made_at": views.latest.made_at,
        "is_finished": views.latest.is_finished,
        **dict(zip(judged.columns, next(judged.rows), strict=True)),
    }


def _comparison(views: Views) -> dict[str, Any]:
    """With what the run is compared, and what of it cannot be."""
    if views.previous is None:
        return {"since": None}
    doubted = answered(views, _WHY.format(_NOT_COMPARABLE.sql)).rows
    return {
        "since": views.previous.name,
        "since_made_at": views.previous.made_at,
        "since_is_finished": views.previous.is_finished,
        "not_comparable": [
            {"why": why, "workspaces": workspaces, "findings": findings}
            for why, workspaces, findings in doubted
        ],
        "same_rules": _criteria(views, "latest_plans") == _criteria(views, "previous_plans"),
    }


def _criteria(views: Views, plans: str) -> list[Any]:
    """The fingerprints of what the plans of a run were judged by."""
    return [row[0] for row in answered(views, _CRITERIA.format(plans)).rows]


def _of_run(facts: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Run {facts['run']} ({_minute(facts['made_at'])}): {_counted(facts['plans'], 'plan')} of "
        f"{_counted(facts['workspaces'], 'workspace')}."
    )
    lost = facts["inconclusive"] + facts["failed"]
    if lost:
        yield (
            f"{lost:,} could not be judged ({facts['failed']:,} failed, {facts['inconclusive']:,} "
            "inconclusive): that nothing is found there means nothing."
        )
    elif facts["plans"]:
        yield "Every plan was judged."
    if not facts["is_finished"]:
        yield "This run has not come to its end: more plans may belong to it."


def _of_comparison(facts: Mapping[str, Any]) -> Iterator[str]:
    if "since" not in facts:
        return
    if facts["since"] is None:
        yield "There is no run before it to compare it with."
        return
    yield f"Compared with run {facts['since']} ({_minute(facts['since_made_at'])})."
    if doubted := facts["not_comparable"]:
        count = sum(each["workspaces"] for each in doubted)
        reasons = ", ".join(f"{each['workspaces']:,} {each['why']}" for each in doubted)
        yield (
            f"{_counted(count, 'workspace')} not comparable ({reasons}): nothing there counts as "
            "fixed, nor as new where the earlier run could not tell."
        )
    if not facts["same_rules"]:
        yield (
            "The runs went by other rules, settings or waivers: what is new or fixed may come "
            "from that."
        )
    if not facts["since_is_finished"]:
        yield "The earlier run has not come to its end."


def _of_narrowing(asked: Asked) -> Iterator[str]:
    only = [f"rule {each}" for each in asked.rules]
    only += [f"workspace {each}" for each in asked.workspaces]
    if asked.severity:
        only.append(f"severity {asked.severity} or worse")
    if only:
        yield f"Only {', '.join(only)}."


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
