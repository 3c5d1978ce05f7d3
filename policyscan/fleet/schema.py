"""The tables of a fleet: what their columns hold.

`OUT/plans/run=ID/part-HASH.parquet` has a row for each plan that was given, whatever became of it;
`OUT/verdicts/run=ID/part-HASH.parquet` has a row for each finding that is kept. The part of the
plans is written last: what has none there is not part of a run. `OUT/summary/run=ID.json` is
written once, at the end.

Names and meanings stay; columns may be added. Where nothing is known a value is null.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

PLANS_FOLDER: Final = "plans"
VERDICTS_FOLDER: Final = "verdicts"
SUMMARY_FOLDER: Final = "summary"


def _field(name: str, kind: pa.DataType, meaning: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"meaning": meaning})


_TEXT: Final = pa.string()
_COUNT: Final = pa.int32()
_RUN: Final = _field("run", _TEXT, "The run: a time in UTC, or the name given to it.")
_PLAN: Final = _field("plan", _TEXT, "The plan, as it was listed: a path or a URL.")
_WORKSPACE: Final = _field(
    "workspace", _TEXT, "Its path without what all have in common and without the file's name."
)
_SHA256 = "SHA-256 of its content, unpacked; null where it could not be had."

PLANS: Final = pa.schema(
    [
        _RUN,
        _PLAN,
        _WORKSPACE,
        _field("sha256", _TEXT, _SHA256, nullable=True),
        _field(
            "bytes",
            pa.int64(),
            "Its size as it was read, in bytes; null where it could not be had.",
            nullable=True,
        ),
        _field("outcome", _TEXT, "scanned, inconclusive or failed."),
        _field("reason", _TEXT, "Why it was not judged as a whole, in a line.", nullable=True),
        _field("exit_code", pa.int8(), "As of `policyscan scan` for this plan alone."),
        _field("kind", _TEXT, "changes, destroy, no-changes, errored, ...", nullable=True),
        _field("format_version", _TEXT, "That of its JSON.", nullable=True),
        _field("terraform_version", _TEXT, "Of the Terraform that made it.", nullable=True),
        _field("resources", _COUNT, "Instances in it; 0 where it was not read."),
        _field("passed", _COUNT, "Verdicts of our rules that are pass."),
        _field("failed", _COUNT, "... fail, waived or not."),
        _field("unknown", _COUNT, "... unknown."),
        _field("not_applicable", _COUNT, "... na."),
        _field("errors", _COUNT, "... error."),
        _field("waived", _COUNT, "Findings that are waived, Checkov's too."),
        _field("critical", _COUNT, "Failures of our rules of this severity that nobody waived."),
        _field("high", _COUNT, "Likewise."),
        _field("medium", _COUNT, "Likewise."),
        _field("low", _COUNT, "Likewise."),
        _field("checkov", _TEXT, "What became of Checkov: ran, left out, not set up or failed."),
        _field("checkov_failed", _COUNT, "Failures of its checks that no rule of ours finds too."),
        _field("seconds", pa.float32(), "From reading it to its rows, on the worker."),
        _field("scanned_at", pa.timestamp("us", tz="UTC"), "When it was done with."),
        _field("policyscan", _TEXT, "The version that judged it."),
        _field("rules", _TEXT, "A fingerprint of the rules, the settings and the waivers."),
    ]
)
"""A row for each plan."""

VERDICTS: Final = pa.schema(
    [
        _RUN,
        _PLAN,
        _WORKSPACE,
        _field("sha256", _TEXT, _SHA256),
        _field("tool", _TEXT, "policyscan or checkov."),
        _field("rule", _TEXT, "The id of the rule or check."),
        _field("name", _TEXT, "Its name."),
        _field("group", _TEXT, "Its group; CHECKOV for checks."),
        _field("severity", _TEXT, "critical, high, medium or low."),
        _field("address", _TEXT, "The instance judged; (plan) is the plan as a whole."),
        _field("type", _TEXT, "Its type, such as aws_subnet; null for the plan.", nullable=True),
        _field("verdict", _TEXT, "fail, unknown or error; with --keep all pass and na too."),
        _field("confidence", _TEXT, "proven or inferred."),
        _field("message", _TEXT, "What is wrong."),
        _field("fix", _TEXT, "What to do.", nullable=True),
        _field("cause", _TEXT, "What several findings share.", nullable=True),
        _field("new", pa.bool_(), "Whether the plan brings it."),
        _field("waived", pa.bool_(), "Whether somebody answers for it."),
        _field("in_baseline", pa.bool_(), "Whether a baseline lists it."),
    ]
)
"""A row for each finding."""

SORTED_BY: Final = {
    PLANS_FOLDER: ("plan",),
    VERDICTS_FOLDER: ("plan", "tool", "rule", "address"),
}
"""The order of the rows in each part."""

PLAIN: Final = frozenset({"plan", "sha256", "address"})
"""Texts that hardly repeat; all others are encoded as dictionaries."""
