"""The JSON Schema of the JSON report: what programs may rely on.

Every name here stays and means the same; more may be added, so that nothing forbids other names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from policyscan.engine import CheckovState
from policyscan.plan import PlanKind
from policyscan.rule import Certainty, Level, Phase, Severity, Verdict

_Schema = dict[str, Any]

_OUTCOMES: Final = ("pass", "fail", "not-judged", "nothing-to-scan")


def report_schema() -> _Schema:
    """One document for one plan, an array of them for several."""
    return {
        "description": "What `policyscan -f json` prints: a document, or an array of them.",
        "anyOf": [
            {"$ref": "#/$defs/document"},
            {"type": "array", "items": {"$ref": "#/$defs/document"}},
        ],
        "$defs": {
            "document": _document(),
            "verdict": _verdict(),
            "checkov": _checkov(),
            "fixed": _fixed(),
            "source": _source(),
            "waiver": _waiver(),
        },
    }


def _document() -> _Schema:
    return _object(
        "The report of one plan.",
        schema_version={"const": "1"},
        tool=_object(
            "What judged it.",
            name={"const": "policyscan"},
            version=_text("Its version"),
            checkov=_or_null(
                _object(
                    "The Checkov that ran beside it.",
                    version=_text("Its version"),
                    edges=_text('The edges it went by: "corrected" or "stock"'),
                    note=_text('What to know of how it ran, else ""'),
                )
            ),
        ),
        plan=_object(
            "The plan. Of one that cannot be read only the path is known.",
            path=_text("As the command line calls it"),
            format_version=_or_null(_text("That of the plan's JSON")),
            terraform_version=_or_null(_text("That of the Terraform that made it")),
            kind=_or_null({"enum": [str(each) for each in PlanKind]}),
            resources=_count("Instances in the plan"),
            sha256=_or_null({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
            offline=_or_null(
                _object(
                    "What policyscan made up when it made the plan: nothing in plans of others.",
                    stand_ins=_texts("Addresses of data sources whose answers are made up"),
                    imported=_texts("Addresses of imports taken to be as configured"),
                    schema_only=_texts("Types of which only the schema is known"),
                    simulated={"type": "boolean"},
                )
            ),
        ),
        summary=_summary(),
        verdicts=_list("#/$defs/verdict", "Those of our rules, by rule and address"),
        checkov=_list("#/$defs/checkov", "Those of Checkov's checks"),
        fixed=_list("#/$defs/fixed", "Failures before the plan that are none after it"),
        errors=_texts("What kept the plan from being judged"),
        warnings=_texts("What to know about the input"),
    )


def _summary() -> _Schema:
    return _object(
        "What the plan comes to.",
        exit_code={"enum": [0, 1, 2, 3]},
        outcome={"enum": list(_OUTCOMES)},
        why=_or_null(_text("Why nothing was judged")),
        verdicts=_tally("Verdicts of our rules", Verdict),
        failed=_tally("Their failures", Severity),
        checkov={"enum": [str(each) for each in CheckovState]},
        checkov_verdicts=_tally("Verdicts of Checkov's checks", Verdict),
        checkov_failed=_tally("Their failures", Severity),
        waived=_count("What is waived, of our rules and of Checkov"),
        changed_only={"type": "boolean"},
        standing=_count("Failures that are not of the plan's making"),
        fixed=_count("Failures that the plan mends"),
        replay=_object(
            "Whether Terraform evaluated the source again.",
            used={"type": "boolean"},
            why=_text('Why a replay that was due was not used, else ""'),
        ),
    )


def _verdict() -> _Schema:
    step = _object(
        "A step of the evidence.",
        address=_text("The instance"),
        attribute=_text('Its attribute, "" for the whole'),
        note=_text("What it shows"),
        source={"$ref": "#/$defs/source"},
    )
    note = _object(
        "Something worth knowing.",
        level={"enum": [str(each) for each in Level]},
        text=_text("What"),
    )
    return _object(
        "What a rule says of an address.",
        rule=_text("The rule's id"),
        name=_text("The rule's name"),
        group=_text("The rule's group"),
        severity={"enum": [str(each) for each in Severity]},
        address=_text("The instance, `(plan)` for the plan as a whole"),
        verdict={"enum": [str(each) for each in Verdict]},
        confidence={"enum": [str(each) for each in Certainty]},
        message=_text("What happens, or what is missing to tell"),
        path={"type": "array", "items": step},
        source={"$ref": "#/$defs/source"},
        notes={"type": "array", "items": note},
        fix=_text("What to do"),
        snippet=_text("HCL that does it"),
        symptom=_text("What AWS will say or do"),
        strikes=_or_null({"enum": [str(each) for each in Phase]}),
        cause=_or_null(_text("What several findings share")),
        new={"type": "boolean"},
        in_baseline={"type": "boolean"},
        waived={"$ref": "#/$defs/waiver"},
    )


def _checkov() -> _Schema:
    return _object(
        "What a check of Checkov says of an address.",
        id=_text("The check's id, such as CKV_AWS_158"),
        name=_text("What the check asks for"),
        severity={"enum": [str(each) for each in Severity]},
        address=_text("The instance"),
        verdict={"enum": [str(each) for each in Verdict]},
        stock=_or_null({"enum": [str(each) for each in Verdict]}),
        guideline=_or_null(_text("A page to read on")),
        shared_with=_or_null(_text("The rule of ours that finds the same there")),
        conflict=_or_null(
            _object(
                "Where the policy asks for the opposite.",
                rule=_text("The rule of ours that wins"),
                why=_text("Why"),
            )
        ),
        source={"$ref": "#/$defs/source"},
        new={"type": "boolean"},
        in_baseline={"type": "boolean"},
        waived={"$ref": "#/$defs/waiver"},
    )


def _fixed() -> _Schema:
    return _object(
        "A failure of the world before the plan.",
        rule=_text("The rule's id"),
        name=_text("The rule's name"),
        group=_text("The rule's group"),
        severity={"enum": [str(each) for each in Severity]},
        address=_text("The instance"),
        message=_text("What was wrong"),
        source={"$ref": "#/$defs/source"},
    )


def _waiver() -> _Schema:
    waiver = _object(
        "Who answers for a finding, and until when; a skip comment of Checkov names neither.",
        reason=_text("Why it may stay"),
        owner=_or_null(_text("Who answers for it")),
        expires=_or_null(_text("The last day, as 2027-01-31")),
        place=_text("Where it is written"),
    )
    return _or_null(waiver)


def _source() -> _Schema:
    place = _object(
        "A piece of a file: lines and columns from 1, columns in code points.",
        file=_text("As reports call it"),
        line=_count("Its first line", 1),
        end_line=_count("Its last line", 1),
        column=_count("Its first column", 1),
        end_column=_count("The column past its end", 1),
    )
    return _or_null(place)


def _object(what: str, **properties: _Schema) -> _Schema:
    return {
        "description": what,
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def _tally(what: str, kinds: Iterable[str]) -> _Schema:
    return _object(f"{what}, by kind.", **{str(each): _count(f"{what}: {each}") for each in kinds})


def _text(what: str) -> _Schema:
    return {"description": what, "type": "string"}


def _texts(what: str) -> _Schema:
    return {"description": what, "type": "array", "items": {"type": "string"}}


def _list(of: str, what: str) -> _Schema:
    return {"description": what, "type": "array", "items": {"$ref": of}}


def _count(what: str, least: int = 0) -> _Schema:
    return {"description": what, "type": "integer", "minimum": least}


def _or_null(schema: _Schema) -> _Schema:
    return {"anyOf": [schema, {"type": "null"}]}
