"""What verdicts are worth that rest on a made-up answer."""

from __future__ import annotations

from msgspec.structs import replace

from policyscan.engine import CheckovReport, CheckovSays, CheckovState, Judgement, without_guesses
from policyscan.engine.outcome import Outcome
from policyscan.graph import ResourceGraph
from policyscan.plan.model import Offline
from policyscan.rule import Certainty, Finding, Platform, Step, Verdict
from tests.report.samples import GROUP, KMS, OPEN, REPOSITORY, SERVICE, failed, platform


def weighed(ours: Finding, checkovs: Finding) -> tuple[Finding, Finding]:
    """A finding of ours and one of Checkov's, where the repository stands for a made-up answer."""
    plan = replace(platform().plan, offline=Offline(stand_ins=(REPOSITORY,)))
    report = CheckovReport(
        CheckovState.RAN, judgements=(Judgement(KMS, checkovs, checkov=CheckovSays(None)),)
    )
    outcome = Outcome(Platform(ResourceGraph(plan)), (Judgement(OPEN, ours),), checkov=report)
    found = without_guesses(outcome)
    return found.judgements[0].finding, found.checkov.judgements[0].finding


def worth(finding: Finding) -> tuple[Verdict, Certainty]:
    return finding.verdict, finding.certainty


def test_a_failure_of_a_check_stays_and_is_inferred() -> None:
    on_service, _ = failed(SERVICE), failed(GROUP)
    ours, checkovs = weighed(on_service, on_service)
    assert worth(ours) == worth(checkovs) == (Verdict.FAIL, Certainty.INFERRED)
    assert [note.text for note in checkovs.notes] == [
        f"rests on {REPOSITORY}, whose answer is made up: give the real one with --data"
    ]


def test_a_failure_on_what_is_made_up_is_a_question() -> None:
    seen = failed(SERVICE, path=(Step(SERVICE, "task_definition"),), fix="push first")
    ours, checkovs = weighed(seen, seen)
    assert worth(ours) == (Verdict.UNKNOWN, Certainty.INFERRED)
    assert (ours.fix, ours.snippet, ours.strikes) == ("", "", None)
    assert worth(checkovs) == (Verdict.FAIL, Certainty.INFERRED)


def test_what_touches_nothing_made_up_stays_as_it_is() -> None:
    for verdict in (Verdict.FAIL, Verdict.PASS, Verdict.NA):
        own = Finding(GROUP, verdict, "as it is")
        assert weighed(own, own) == (own, own)
    elsewhere = failed(SERVICE, path=(Step(SERVICE, "desired_count"),))
    assert weighed(elsewhere, elsewhere)[0] == elsewhere
