"""Waivers as `policyscan waivers` lists them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from policyscan.engine.waiver_review import Review, Reviewed
from policyscan.engine.weighing import Standing, named_addresses
from policyscan.report.safe import inert
from policyscan.report.screen import plain
from policyscan.report.text_report import answer

_MOST = 5
"""Findings listed of one waiver; the rest is counted."""


def render_waivers(review: Review) -> str:
    """Each waiver with what it waives, what is wrong, and a last line that counts."""
    lines = [line for each in review.reviewed for line in _waiver(each)]
    lines += review.faults
    standings = Counter(each.standing for each in review.reviewed)
    counted = [
        f"{standings[standing]} {standing}"
        for standing in reversed(Standing)
        if standings[standing]
    ]
    if review.faults:
        counted.append(f"{len(review.faults)} broken")
    lines.append(f"Waivers: {', '.join(counted) or 'none'}")
    return inert("".join(f"{plain(line)}\n" for line in lines))


def _waiver(each: Reviewed) -> Iterator[str]:
    waiver = each.waiver
    yield f"{waiver.place}: {waiver.rule}  {named_addresses(waiver)}  {each.standing}"
    yield f"    {answer(waiver)}"
    for found in each.waived[:_MOST]:
        yield f"    {found.rule}  {found.address}  in {found.plan}"
    if (more := len(each.waived) - _MOST) > 0:
        yield f"    and {more} more"
    if each.complaint:
        yield f"    {each.complaint.removeprefix(f'{waiver.place}: ')}"
