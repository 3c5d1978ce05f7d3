"""A report as plain values, for the script of the page: texts as they may be shown, no markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from policyscan import __version__
from policyscan.engine import CheckovState, Judgement, Outcome
from policyscan.graph import EdgeKind
from policyscan.report.graph_selection import Selection, names, redacted, selected
from policyscan.report.html.findings import finding_document, short, unknown_document
from policyscan.report.html.network import network_scene
from policyscan.report.html.resources import MOST_LINES, resource_scene
from policyscan.report.html.scene import Scene
from policyscan.report.html.signs import SIGNS, tone_of
from policyscan.report.problems import Group, groups_of, problems_of, verdict_line
from policyscan.report.scans import Report, Scan
from policyscan.rule import Severity, Verdict

_MOST_UNKNOWN: Final = 500
_MOST_FINDINGS: Final = 2_000
"""Told in full; of more the worst are, and the page says how many are not."""
_TOLD: Final = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)

Document = dict[str, Any]


def report_document(report: Report) -> Document:
    """Everything the page shows of a run."""
    return {
        **_common(),
        "plans": [_plan(report, scan) for scan in report.scans],
    }


def graph_document(selection: Selection) -> Document:
    """A page of nothing but a graph."""
    scene = resource_scene(selection)
    plan = {
        "name": "",
        "exit": None,
        "verdict": f"GRAPH: {len(selection.nodes)} resources",
        "graph": scene_document(scene),
        "unlined": bool(selection.edges) and not scene.lines,
    }
    return {**_common(), "plans": [plan]}


def _common() -> Document:
    return {
        "tool": f"policyscan {__version__}",
        "signs": {word: [*told, tone_of(word)] for word, told in SIGNS.items()},
    }


def _plan(report: Report, scan: Scan) -> Document:
    problems = problems_of(report, scan)
    line = verdict_line(scan, problems)
    told: Document = {
        "name": short(report.plan_file(scan)),
        "exit": scan.exit_code,
        "verdict": short(line),
        "errors": [short(each) for each in scan.errors],
    }
    outcome = scan.outcome
    if outcome is None:
        return told
    # What may fail the scan comes before what stood there already, where only new ones may.
    groups = sorted(groups_of(problems), key=lambda each: not _is_gated(each))
    unknown = list(unknown_document(outcome))
    return told | {
        "resources": len(outcome.platform.plan.resources),
        "terraform": short(outcome.platform.plan.terraform_version),
        "facts": list(_facts(outcome)),
        "severities": _severities(each.judgement for each in problems),
        "rules": _rule_groups(outcome),
        "findings": [finding_document(group, outcome) for group in groups[:_MOST_FINDINGS]],
        "more": max(len(groups) - _MOST_FINDINGS, 0),
        "unknown": unknown[:_MOST_UNKNOWN],
        "moreUnknown": max(len(unknown) - _MOST_UNKNOWN, 0),
        "aside": [_aside(each, outcome) for each in _set_aside(outcome)][:_MOST_UNKNOWN],
        "warnings": [short(each) for each in outcome.warnings],
        **_pictures(outcome),
    }


def _is_gated(group: Group) -> bool:
    return any(each.is_gated for each in group.members)


def _facts(outcome: Outcome) -> Iterator[str]:
    """What else there is to know about how the plan was judged."""
    if outcome.changed_only:
        yield "Only what is new may fail"
    if outcome.fixed:
        yield f"{len(outcome.fixed)} fixed by this plan"
    if outcome.replay.is_used:
        yield "Terraform evaluated the source again, to tell what apply will fill in"
    elif outcome.replay.why:
        yield short(f"Not replayed: {outcome.replay.why}")
    checkov = outcome.checkov
    ran = f" {checkov.version}" if checkov.state is CheckovState.RAN else f" {checkov.state}"
    yield short(f"Checkov{ran}")


def _severities(failed: Iterable[Judgement]) -> list[tuple[str, int, int]]:
    """Each severity, worst first, with how many are new and how many stood there."""
    counts = Counter((each.severity, each.is_new) for each in failed)
    return [(str(each), counts[each, True], counts[each, False]) for each in Severity]


def _rule_groups(outcome: Outcome) -> list[list[Any]]:
    """Each group of rules with how many verdicts failed, were left open and passed."""
    counts: Counter[tuple[str, Verdict]] = Counter()
    for each in outcome.all_judgements:
        if each.verdict is not Verdict.FAIL or each.counts:
            counts[each.rule.group, each.verdict] += 1
    found = sorted({group for group, verdict in counts if verdict in _TOLD})
    rows: list[tuple[Any, ...]] = [
        (group, *(counts[group, each] for each in _TOLD)) for group in found
    ]
    rows.sort(key=lambda row: (-counts[row[0], Verdict.FAIL], row[0]))
    return [[short(group), *numbers] for group, *numbers in rows]


def _set_aside(outcome: Outcome) -> Iterator[Judgement]:
    """Failures that somebody answers for, that a baseline lists, or that the policy overrules."""
    return (
        each for each in outcome.all_judgements if each.verdict is Verdict.FAIL and not each.counts
    )


def _aside(judgement: Judgement, outcome: Outcome) -> Document:
    waiver, conflict = judgement.waiver, judgement.checkov and judgement.checkov.conflict
    if waiver is not None:
        until = f" until {waiver.expires}" if waiver.expires else ""
        why = f"waived{until} by {waiver.owner or 'a comment'}: {waiver.reason}"
    elif conflict:
        why = f"overruled by {conflict.rule}: {conflict.why}"
    else:
        why = "in the baseline"
    return {
        "rule": short(judgement.rule.id),
        "address": short(judgement.finding.address),
        "why": short(outcome.redacted(why)),
    }


def _pictures(outcome: Outcome) -> Document:
    graph = outcome.platform.graph
    edges = tuple(islice(graph.edges.all(EdgeKind.VALUE), MOST_LINES + 1))
    is_drawn = len(edges) <= MOST_LINES
    selection = selected(graph, names(graph), edges if is_drawn else ())
    shown = outcome.redaction.address
    # What rules crash on would be met here again.
    network = Scene() if outcome.errors else network_scene(outcome.platform, outcome.redaction)
    return {
        "graph": scene_document(resource_scene(redacted(selection, shown))),
        "unlined": not is_drawn,
        "network": scene_document(network) if network.boxes else None,
    }


def scene_document(scene: Scene) -> Document:
    """A scene as short lists: a large plan has thousands of boxes."""
    return {
        "size": [scene.width, scene.height],
        "boxes": [
            [
                *(each.cell.kind, each.cell.tone, short(each.cell.address)),
                *(short(each.cell.title, 200), short(each.cell.note, 200)),
                *(each.left, each.top, each.width, each.height, each.parent),
            ]
            for each in scene.boxes
        ],
        "lines": [
            [each.source, each.target, each.kind, short(each.label, 200)] for each in scene.lines
        ],
    }
