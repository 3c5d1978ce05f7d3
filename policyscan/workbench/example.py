"""Takes out of a rule's fixtures what its page shows: what fails, what passes, what looks alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from os.path import relpath
from pathlib import Path, PurePath
from typing import Final

from msgspec import Struct

from policyscan.engine import Judgement, Outcome, PackRule
from policyscan.graph import locate
from policyscan.graph.written import Written
from policyscan.report.rule_pages import Example, Trap
from policyscan.report.text_report import render_finding
from policyscan.rule import Certainty, Verdict
from policyscan.source import Span, read_source
from policyscan.workbench.expected import Expected
from policyscan.workbench.fixture import MAIN_FILE, Fixture

_LONGEST: Final = 60
"""Lines of an example; a longer one is no help, and left out."""


class _Shown(Struct, frozen=True):
    """A verdict of a fixture, and the blocks that its path goes through."""

    judgement: Judgement
    text: str
    is_in_module: bool

    @property
    def length(self) -> int:
        """Lines of its blocks."""
        return self.text.count("\n") + 1


def examples_of(
    rules: Iterable[PackRule], fixtures: Iterable[Fixture], pages: Path
) -> dict[str, Example]:
    """What the fixtures of each rule show, by its id; `pages` is the folder of the pages."""
    cases: dict[str, list[Fixture]] = {}
    for fixture in fixtures:
        cases.setdefault(fixture.rule, []).append(fixture)
    return {
        each.rule.id: _example(each, cases[each.rule.id], pages)
        for each in rules
        if each.rule.id in cases
    }


def _example(rule: PackRule, fixtures: Iterable[Fixture], pages: Path) -> Example:
    judged: dict[str, tuple[Fixture, Outcome]] = {}
    traps: list[Trap] = []
    for fixture in fixtures:
        expected = fixture.expected()
        outcome = fixture.judged((rule,), expected)
        judged[fixture.case] = fixture, outcome
        traps += _traps(fixture, expected, _own(outcome), pages)
    failing = _shortest(_shown(judged, "fail", Verdict.FAIL), 0)
    steps = len(failing.judgement.finding.path) if failing else 0
    passing = _shortest(_shown(judged, "pass", Verdict.PASS), steps)
    return Example(
        failing=failing.text if failing else "",
        told=render_finding(failing.judgement) if failing else "",
        passing=passing.text if passing else "",
        traps=tuple(sorted(traps, key=lambda one: (one.words, one.address))),
        strikes=frozenset(
            each.finding.strikes
            for _, outcome in judged.values()
            for each in _own(outcome).values()
            if each.verdict is Verdict.FAIL and each.finding.strikes
        ),
    )


def _own(outcome: Outcome) -> Mapping[str, Judgement]:
    """The verdicts of the one rule that was run, by address."""
    return {each.finding.address: each for each in outcome.judgements if each.rule.types}


def _traps(
    fixture: Fixture, expected: Expected, own: Mapping[str, Judgement], pages: Path
) -> Iterator[Trap]:
    place = PurePath(relpath(fixture.folder / MAIN_FILE, pages)).as_posix()
    for words, address in expected.traps.items():
        if address in own:
            yield Trap(words, address, str(own[address].verdict), place)


def _shown(
    judged: Mapping[str, tuple[Fixture, Outcome]], case: str, verdict: Verdict
) -> Iterator[_Shown]:
    """The verdicts of a case that can be shown with all the blocks they speak of."""
    if case not in judged:
        return
    fixture, outcome = judged[case]
    written = Written(read_source(fixture.folder))
    for address, each in _own(outcome).items():
        if each.verdict is not verdict:
            continue
        addresses = dict.fromkeys([address, *(step.address for step in each.finding.path)])
        spans = [_span(one, outcome, written) for one in addresses]
        if spans[0] is None:
            continue
        text = _blocks(fixture, {span for span in spans if span}, written)
        yield _Shown(each, text, address.startswith("module."))


def _span(address: str, outcome: Outcome, written: Written) -> Span | None:
    resource = outcome.platform.graph.resource(address)
    return None if resource is None else locate(written, resource)


def _blocks(fixture: Fixture, spans: Iterable[Span], written: Written) -> str:
    """Blocks as they are written, with the comments above them; those of modules come last."""
    root = f"{fixture.folder.as_posix()}/"
    by_file: dict[tuple[int, str], list[Span]] = {}
    for span in sorted(spans, key=lambda one: one.lines):
        file = span.file.removeprefix(root)
        by_file.setdefault((file.count("/"), file), []).append(span)
    parts: list[str] = []
    for (depth, file), found in sorted(by_file.items()):
        parts += [f"# {file}"] if depth else []
        parts += ["\n".join(_with_comment(span, written)) for span in found]
    return "\n\n".join(parts)


def _with_comment(span: Span, written: Written) -> tuple[str, ...]:
    above = written.lines(span.file, 1, span.line - 1)
    comment = [*takewhile(lambda line: line.startswith("#"), reversed(above))]
    return (*reversed(comment), *written.lines(span.file, span.line, span.end_line))


def _shortest(shown: Iterable[_Shown], steps: int) -> _Shown | None:
    """The one to show: proven, of the root module, as many steps long as wanted, and short."""

    def rank(each: _Shown) -> tuple[bool, bool, int, int, str]:
        finding = each.judgement.finding
        is_inferred = finding.certainty is not Certainty.PROVEN
        far = abs(len(finding.path) - steps) if steps else 0
        return is_inferred, each.is_in_module, far, each.length, finding.address

    fitting = [each for each in shown if each.length <= _LONGEST]
    return min(fitting, key=rank, default=None)
