"""When a plan is replayed, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from policyscan.cli.inputs import Input
from policyscan.engine import Before, Outcome, PackRule, Replayed, Settings, judge
from policyscan.errors import PlannerError
from policyscan.graph import ResourceGraph
from policyscan.plan import Plan
from policyscan.rule import Certainty, Verdict

_SECONDS: Final = 30.0
"""After this long a replay is given up: it takes about one."""


class ReplayMode(StrEnum):
    """AUTO: when it may settle what is not proven. ALWAYS: or fail. NEVER."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def judged(
    given: Input,
    *,
    mode: ReplayMode,
    pack: tuple[PackRule, ...],
    settings: Settings,
    has_doubts: Callable[[ResourceGraph], bool],
) -> Outcome:
    """Judge a plan; where that leaves questions, judge it again with what a replay proves.

    `has_doubts` tells whether somebody else has questions to the graph.
    Raises PlannerError: a replay was asked for, and there can be none.
    """
    before = Before(given.plan, pack, settings)
    outcome = judge(given.graph(), pack, settings, before)
    if mode is ReplayMode.NEVER or outcome.errors:
        return outcome
    try:
        if mode is ReplayMode.AUTO and (
            given.source is None or not _has_questions(outcome, has_doubts)
        ):
            return outcome
        graph = given.graph(replayed(given))
    except PlannerError as problem:
        if mode is ReplayMode.ALWAYS:
            raise
        return replace(outcome, replay=Replayed(why=outcome.redacted(str(problem))))
    return replace(judge(graph, pack, settings, before), replay=Replayed(is_used=True))


def replayed(given: Input) -> Plan:
    """The plan with what a replay of its source proves. Raises PlannerError: there can be none."""
    if given.source is None:
        raise PlannerError(f"{given.name}: a replay needs the source; give --source-dir")
    from policyscan.plan.replay import enriched  # noqa: PLC0415 - most scans need no replay
    from policyscan.planner.replay import replay  # noqa: PLC0415 - imports grpc

    try:
        found = replay(
            given.plan,
            given.source.directory,
            seconds=_SECONDS,
            within=given.source.within,
            request=given.planning.request(),
        )
    except PlannerError as problem:
        raise PlannerError(given.in_their_words(str(problem))) from None
    return enriched(given.plan, found)


def _has_questions(outcome: Outcome, has_doubts: Callable[[ResourceGraph], bool]) -> bool:
    """Whether something is left that a replay may settle."""
    if not any(each.has_open_arguments for each in outcome.platform.plan.resources):
        return False
    return any(
        each.verdict is Verdict.UNKNOWN or each.finding.certainty is not Certainty.PROVEN
        for each in outcome.judgements
    ) or has_doubts(outcome.platform.graph)
