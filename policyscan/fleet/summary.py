"""What a run comes to, read from its tables: what is counted is what is there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from policyscan import __version__
from policyscan.fleet.ending import Ending
from policyscan.fleet.tables import Tables
from policyscan.rule import Severity, Verdict

MOST_LISTED: Final = 10
_WORST: Final = (0, 3, 1, 2)
"""Exit codes, the one that wins last: as of a scan of several plans."""
_NOTHING: Final = 3
_COUNTED: Final = ("passed", "failed", "unknown", "not_applicable", "errors", "waived")
_SEVERITIES: Final = tuple(map(str, Severity))
_OF_PLANS: Final = (
    "plan",
    "workspace",
    "outcome",
    "reason",
    "exit_code",
    "resources",
    *_COUNTED,
    *_SEVERITIES,
    "checkov_failed",
)
_RULE: Final = ("tool", "rule", "name", "severity")
_OF_VERDICTS: Final = (*_RULE, "verdict", "waived")


@dataclass(slots=True)
class Counts:
    """What the tables of a run hold."""

    plans: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, str]] = field(default_factory=list)
    workspaces: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rules: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    @property
    def exit_code(self) -> int:
        """The worst of all plans."""
        return max(self.codes, key=_WORST.index, default=_NOTHING)


def counted(tables: Tables) -> Counts:
    """Count what is there. Raises FleetError: it cannot be read."""

    def read(part: str) -> tuple[pa.Table, pa.Table]:
        return tables.plans(part, _OF_PLANS), tables.verdicts(part, _OF_VERDICTS)

    found = Counts()
    for _, (plans, verdicts) in tables.of_each(read):
        _count_plans(plans, found)
        _count_rules(verdicts, found)
        # Not more are shown, and there may be a million.
        found.failures = sorted(found.failures, key=lambda each: each["plan"])[:MOST_LISTED]
    return found


def _count_plans(table: pa.Table, found: Counts) -> None:
    found.plans += len(table)
    found.endings.update(table["outcome"].to_pylist())
    found.codes.update(table["exit_code"].to_pylist())
    for name in ("resources", *_COUNTED, *_SEVERITIES, "checkov_failed"):
        found.verdicts[name] += pc.sum(table[name]).as_py() or 0
    for row in table.to_pylist():
        if row["outcome"] != Ending.SCANNED:
            found.failures.append({name: row[name] for name in ("plan", "outcome", "reason")})
        if any(row[name] for name in _SEVERITIES):
            found.workspaces[row["workspace"]].update({n: row[n] for n in _SEVERITIES})


def _count_rules(table: pa.Table, found: Counts) -> None:
    failing = table.filter(
        pc.and_(pc.equal(table["verdict"], str(Verdict.FAIL)), pc.invert(table["waived"]))
    )
    for row in failing.group_by(_RULE).aggregate([([], "count_all")]).to_pylist():
        key = (row["tool"], row["rule"], row["name"], row["severity"])
        found.rules[key] += row["count_all"]


def document(
    tables: Tables, counts: Counts, *, inputs: int, rules: str, about: Mapping[str, Any]
) -> dict[str, Any]:
    """The summary of a run; `about` is how it went."""
    order = sorted(
        counts.workspaces.items(), key=lambda each: ([-each[1][n] for n in _SEVERITIES], each[0])
    )
    top = sorted(counts.rules.items(), key=lambda each: (-each[1], each[0]))
    return {
        "schema_version": "1",
        "run": tables.run,
        "out": tables.out,
        "policyscan": __version__,
        "rules": rules,
        "inputs": inputs,
        "rows": counts.plans,
        "outcomes": {str(each): counts.endings[each] for each in Ending},
        "exit_code": counts.exit_code,
        "counts": {name: counts.verdicts[name] for name in ("resources", *_COUNTED)},
        "failed": {name: counts.verdicts[name] for name in _SEVERITIES},
        "checkov_failed": counts.verdicts["checkov_failed"],
        "top_rules": [
            {"tool": tool, "rule": rule, "name": name, "severity": severity, "failed": count}
            for (tool, rule, name, severity), count in top[:MOST_LISTED]
        ],
        "worst_workspaces": [
            {"workspace": name, **{each: found[each] for each in _SEVERITIES}}
            for name, found in order[:MOST_LISTED]
        ],
        "not_scanned": counts.failures,
        **about,
    }


def text(summary: Mapping[str, Any]) -> str:
    """The summary for people."""
    lines = [
        f"run {summary['run']}: {summary['inputs']} plans: "
        + ", ".join(f"{count} {name}" for name, count in summary["outcomes"].items()),
        "failures nobody waived: "
        + ", ".join(f"{count} {name}" for name, count in summary["failed"].items()),
    ]
    if summary["checkov_failed"]:
        lines.append(f"failures of Checkov's checks alone: {summary['checkov_failed']}")
    if summary["top_rules"]:
        lines += ["", "Rules that fail most:"]
        lines += [
            f"  {each['failed']:>7}  {each['rule']} {each['name']} ({each['severity']})"
            for each in summary["top_rules"]
        ]
    if summary["worst_workspaces"]:
        lines += ["", "Workspaces with the worst failures (critical, high, medium, low):"]
        lines += [
            f"  {' '.join(f'{each[name]:>5}' for name in _SEVERITIES)}  {each['workspace']}"
            for each in summary["worst_workspaces"]
        ]
    if summary["not_scanned"]:
        lines += ["", "Not scanned, or not as a whole:"]
        lines += [f"  {each['plan']}: {each['reason']}" for each in summary["not_scanned"]]
        more = summary["inputs"] - summary["outcomes"][Ending.SCANNED] - len(summary["not_scanned"])
        lines += [f"  ... and {more} more"] if more > 0 else []
    rate, each = summary["plans_per_minute"], summary["plans_per_minute_per_core"]
    lines += [
        "",
        f"{summary['judged']} judged, {summary['kept']} kept as they were",
        f"{summary['seconds']:.1f} s: {rate:.0f} plans a minute, {each:.0f} for each worker",
        f"tables: {summary['out']}",
    ]
    return "\n".join(lines) + "\n"
