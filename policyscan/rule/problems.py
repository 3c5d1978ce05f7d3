"""Several things that can be wrong with one resource, told as one finding."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from policyscan.rule.model import (
    Certainty,
    Finding,
    Phase,
    Severity,
    Step,
    fail,
    undetermined,
)
from policyscan.rule.snippet import together


class Problem(Struct, frozen=True):
    """One thing that is wrong: what a failure of it alone would say."""

    message: str
    path: tuple[Step, ...]
    symptom: str
    fix: str
    strikes: Phase = Phase.APPLY
    severity: Severity | None = None
    certainty: Certainty = Certainty.PROVEN
    cause: str = ""
    snippet: str = ""


class Question(Struct, frozen=True):
    """Something the plan does not tell, at the attribute that hides it; `why` says what helps."""

    why: str
    attribute: str


def concluded(
    good: Finding, problems: Iterable[Problem], questions: Iterable[Question] = ()
) -> Finding:
    """A failure that names every problem, else an unknown that names every question, else `good`.

    `good` is the pass, and gives the others its address and its notes. The first problem gives a
    failure its symptom, its severity and when it strikes.
    """
    problems, questions = tuple(problems), tuple(questions)
    if problems:
        first = problems[0]
        return fail(
            good.address,
            "; ".join(dict.fromkeys(each.message for each in problems)),
            path=tuple(dict.fromkeys(step for each in problems for step in each.path)),
            notes=good.notes,
            symptom=first.symptom,
            fix="\n".join(dict.fromkeys(each.fix for each in problems)),
            snippet=together(*(each.snippet for each in problems)),
            strikes=first.strikes,
            severity=first.severity,
            certainty=first.certainty,
            cause=first.cause,
        )
    if questions:
        why = "; ".join(dict.fromkeys(each.why for each in questions))
        return undetermined(good.address, why, path=good.path, at=questions[0].attribute)
    return good


def veiled(problems: Iterable[Problem], step: Step, snippet: str) -> tuple[Problem, ...]:
    """The same problems as one that tells nothing of their values, which are sensitive.

    `snippet` is what is right whatever the values are.
    """
    said = f"{step.address}.{step.attribute}, which is sensitive,"
    return tuple(
        replace(
            each,
            message=f"{said} holds what AWS refuses",
            path=(step,),
            symptom="ClientException at RegisterTaskDefinition",
            fix="see what this rule asks for on its page",
            snippet=snippet,
        )
        for each in tuple(problems)[:1]
    )
