"""Reads reports back: what each format tells of the failures in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from junitparser import Failure, JUnitXml
from markdown_it import MarkdownIt

_STANDING = "(standing"


@dataclass(frozen=True)
class Told:
    """A failure as a report tells it; `is_new` is None in formats that leave that open."""

    rule: str
    file: str
    lines: range
    is_new: bool | None


def _told(
    rule: str, file: str, line: int | str, end: int | str | None = None, *, new: bool | None = None
) -> Told:
    return Told(rule, file, range(int(line), int(end or line) + 1), new)


def _text(report: str) -> Iterator[Told]:
    for block in report.split("\n\n"):
        first, _, rest = block.partition("\n")
        if heading := re.match(r"(PS\d{3}) \S+  \w+  \S", first):
            place = re.search(r"^    (\S+):(\d+)$", rest, re.MULTILINE)
            assert place, block
            # The snippet parts a finding in two: its last line is in a block further on.
            tail = report[report.index(block) :].partition("    More: ")[2].partition("\n")[0]
            yield _told(heading[1], place[1], place[2], new=_STANDING not in tail)


def _json(report: str) -> Iterator[Told]:
    for each in json.loads(report)["verdicts"]:
        if each["verdict"] == "fail":
            source = each["source"]
            yield _told(
                each["rule"], source["file"], source["line"], source["end_line"], new=each["new"]
            )


def _sarif(report: str) -> Iterator[Told]:
    (run,) = json.loads(report)["runs"]
    for each in run["results"]:
        (location,) = each["locations"]
        place = location["physicalLocation"]
        assert each["baselineState"] in {"new", "unchanged"}
        yield _told(
            each["ruleId"],
            place["artifactLocation"]["uri"],
            place["region"]["startLine"],
            place["region"]["endLine"],
            new=each["baselineState"] == "new",
        )


def _junit(report: str) -> Iterator[Told]:
    for case in (case for suite in JUnitXml.fromstring(report.encode()) for case in suite):
        for result in case.result:
            if isinstance(result, Failure):
                file, _, line = str(result.text).partition("\n")[0].rpartition(":")
                yield _told(case.classname.removeprefix("policyscan.")[:5], file, line)


def _markdown(report: str) -> Iterator[Told]:
    """New ones have a heading of their own, standing ones are items of a folded list."""
    tokens = MarkdownIt().parse(report)
    is_new = True
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "html_block" and "<summary>" in token.content:
            is_new = "standing" not in token.content
        if following is None or following.type != "inline":
            continue
        rule = re.search(r"\bPS\d{3}\b", following.content)
        if token.type == "heading_open" and rule:
            heading = rule[0]
        places = [
            place
            for child in following.children or ()
            if child.type == "code_inline"
            and (place := re.fullmatch(r"(\S+):(\d+)", child.content))
        ]
        for place in places:
            yield _told(rule[0] if rule else heading, place[1], place[2], new=is_new)


def _github(report: str) -> Iterator[Told]:
    for line in report.splitlines():
        if command := re.match(r"::(?:error|warning|notice) ([^:]*)::", line):
            values = dict(part.split("=", 1) for part in command[1].split(","))
            yield _told(values["title"][:5], values["file"], values["line"], values["endLine"])


def _gitlab(report: str) -> Iterator[Told]:
    for each in json.loads(report):
        place = each["location"]
        yield _told(each["check_name"], place["path"], place["lines"]["begin"])


def _concise(report: str) -> Iterator[Told]:
    for line in report.splitlines():
        if found := re.match(r"(\S+):(\d+): \w+ (PS\d{3}) ", line):
            yield _told(found[3], found[1], found[2], new=_STANDING not in line)


def _html(report: str) -> Iterator[Told]:
    found = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', report, re.DOTALL)
    assert found
    (plan,) = json.loads(found[1])["plans"]
    for each in plan["findings"]:
        file, _, line = each["place"].rpartition(":")
        yield _told(each["rule"], file, line, new=each["new"])


READERS: Mapping[str, Callable[[str], Iterator[Told]]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "junit": _junit,
    "markdown": _markdown,
    "github": _github,
    "gitlab": _gitlab,
    "concise": _concise,
    "html": _html,
}
