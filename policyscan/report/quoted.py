"""What of the source a report may show."""

from __future__ import annotations

from collections.abc import Sequence

from policyscan.engine import Judgement, Outcome


def quoted(judgement: Judgement, outcome: Outcome, most: int) -> Sequence[str]:
    """The first lines of where a finding stands; none where they are not at hand, or secret."""
    span = judgement.span
    if span is None or judgement.is_secret:
        return ()
    last = min(span.end_line, span.line + most - 1)
    lines = outcome.platform.graph.written.lines(span.file, span.line, last)
    return lines if all(outcome.redacted(line) == line for line in lines) else ()
