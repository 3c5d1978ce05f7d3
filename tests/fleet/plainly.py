"""What reports find, computed once more: from the rows, in plain Python, as their pages say it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from tests.fleet.made import Row, plan, verdict

WEIGHTS: Final = {"critical": 64, "high": 16, "medium": 4, "low": 1}
ORDER: Final = [*WEIGHTS]
RULES: Final = ("PS101", "PS102", "PS103", "CKV_AWS_1")
Key = tuple[str, str, str, str]


@dataclass
class Rows:
    """The plans of a run, and its verdicts."""

    plans: list[Row]
    verdicts: list[Row]

    @property
    def workspaces(self) -> dict[str, list[Row]]:
        """The plans of each workspace."""
        found = defaultdict(list)
        for each in self.plans:
            found[each["workspace"]].append(each)
        return dict(found)

    def is_judged(self, workspace: str, tool: str = "policyscan") -> bool:
        """Whether every plan of a workspace was judged as a whole, by a tool."""
        plans = self.workspaces.get(workspace, [])
        return bool(plans) and all(
            each["outcome"] == "scanned" and (tool == "policyscan" or each["checkov"] == "ran")
            for each in plans
        )

    @property
    def failures(self) -> list[Row]:
        """What fails and nobody waived."""
        return [each for each in self.verdicts if each["verdict"] == "fail" and not each["waived"]]

    @property
    def undecided(self) -> list[Row]:
        """What may fail."""
        return [
            each
            for each in self.verdicts
            if each["verdict"] in {"unknown", "error"} and not each["waived"]
        ]

    @property
    def states(self) -> dict[Key, str]:
        """The worst that is said of each instance by each rule."""
        said = defaultdict(set)
        for each in self.verdicts:
            if each["verdict"] in {"pass", "na"}:
                continue
            waived = each["waived"] and each["verdict"] != "error"
            key = (each["workspace"], each["tool"], each["rule"], each["address"])
            said[key].add("waived" if waived else each["verdict"])
        worst = ("fail", "error", "unknown", "waived")
        return {key: next(each for each in worst if each in found) for key, found in said.items()}


def drawn(seed: int, salt: str) -> Rows:
    """A run with something of everything; the same seed with another salt is much alike."""
    steady, fickle = Random(seed), Random(f"{seed} {salt}")  # noqa: S311 - not for secrets
    names = [f"team-{n % 3}/app-{n}" for n in range(12)]
    plans: list[Row] = []
    verdicts: list[Row] = []
    for name in names:
        has_two = steady.random() < 0.2
        rules = [rule for rule in RULES for _ in range(3) if steady.random() < 0.6]
        if fickle.random() < 0.15:
            continue
        for number in range(1 + has_two):
            outcome = fickle.choices(("scanned", "inconclusive", "failed"), (8, 1, 1))[0]
            how = {
                "plan": f"s3://plans/{name}/{number}.json",
                "outcome": outcome,
                "reason": None if outcome == "scanned" else f"it {outcome}",
                "checkov": fickle.choices(("ran", "failed"), (6, 1))[0],
            }
            plans.append(plan(name, **how))
            if outcome == "failed":
                continue
            for at, rule in enumerate(rules):
                if fickle.random() < 0.25:
                    continue
                says = fickle.choices(("fail", "unknown", "error", "pass", "na"), (8, 2, 1, 1, 1))
                waived = says[0] in {"fail", "unknown"} and fickle.random() < 0.2
                row = verdict(name, rule, f"aws_thing.n{at % 5}", says[0], waived=waived)
                verdicts.append({**row, "plan": how["plan"]})
    return Rows(plans, verdicts)


def changes(before: Rows, now: Rows) -> dict[Key, str]:
    """What became of each failure."""
    was, are = before.states, now.states
    found = {}
    for key in {*was, *are}:
        earlier, later = was.get(key), are.get(key)
        if "fail" not in {earlier, later}:
            continue
        workspace, tool = key[:2]
        if later == "fail":
            can_tell = earlier is not None or before.is_judged(workspace, tool)
            found[key] = "still" if earlier == "fail" else "new" if can_tell else "not comparable"
        elif later is not None:
            found[key] = "waived" if later == "waived" else "undecided"
        else:
            found[key] = "fixed" if now.is_judged(workspace, tool) else "not comparable"
    return found


def worst(run: Rows) -> list[tuple[Any, ...]]:
    """Workspace, weight, failures by severity, undecided, waived, plans and those not judged."""
    found = []
    for workspace, plans in run.workspaces.items():
        counts = counted(run.failures, "severity", workspace=workspace)
        weight = sum(WEIGHTS[each] * count for each, count in counts.items())
        if weight:
            undecided = [each for each in run.undecided if each["workspace"] == workspace]
            waived = [e for e in run.verdicts if e["waived"] and e["workspace"] == workspace]
            lost = sum(each["outcome"] != "scanned" for each in plans)
            severities = [counts[each] for each in ORDER]
            numbers = (len(undecided), len(waived), len(plans), lost)
            found.append((workspace, weight, *severities, *numbers))
    return sorted(found, key=lambda row: (-row[1], row[0]))


def rules(run: Rows) -> list[tuple[Any, ...]]:
    """Rule, tool, workspaces, share, findings, undecided, waived."""
    found = []
    said = [each for each in run.verdicts if each["verdict"] not in {"pass", "na"}]
    for tool, rule in {(each["tool"], each["rule"]) for each in said}:
        failing = {each["workspace"] for each in run.failures if each["rule"] == rule}
        judged = {each for each in run.workspaces if run.is_judged(each, tool)}
        share = round(100 * len(failing) / len(judged | failing), 1) if judged | failing else 0
        findings = sum(each["rule"] == rule for each in run.failures)
        undecided = sum(each["rule"] == rule for each in run.undecided)
        waived = sum(each["waived"] for each in said if each["rule"] == rule)
        found.append((rule, tool, len(failing), share, findings, undecided, waived))
    return sorted(found, key=lambda row: (-row[2], -row[4], row[1], row[0]))


def cell(run: Rows, rule: str, workspace: str) -> tuple[str, int]:
    """What stands in a cell of the matrix, and how many failures are in it."""
    said = [
        each
        for each in run.verdicts
        if (each["rule"], each["workspace"]) == (rule, workspace)
        and each["verdict"] not in {"pass", "na"}
    ]
    fails = sum(each["verdict"] == "fail" and not each["waived"] for each in said)
    tool = "checkov" if rule.startswith("CKV") else "policyscan"
    if fails:
        return "fail", fails
    if any(each["verdict"] == "error" for each in said):
        return "error", 0
    if any(each["verdict"] == "unknown" and not each["waived"] for each in said):
        return "unknown", 0
    if said:
        return "waived", 0
    return ("ok" if run.is_judged(workspace, tool) else "not judged"), 0


def counted(rows: Iterable[Row], column: str, **known: str) -> Counter[Any]:
    """How often each value stands in a column, where other columns are as known."""
    return Counter(
        each[column] for each in rows if all(each[name] == value for name, value in known.items())
    )


def ranked(run: Rows) -> Sequence[str]:
    """All workspaces, the worst first."""
    weights = {row[0]: row[1] for row in worst(run)}
    return sorted(run.workspaces, key=lambda each: (-weights.get(each, 0), each))
