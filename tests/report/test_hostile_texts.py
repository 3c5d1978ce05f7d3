"""A thousand strings made to get out of a report stay text in every format."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from policyscan.cli.commands import run
from policyscan.engine import CheckovReport, CheckovSays, CheckovState, Judgement
from policyscan.plan.address import key_text
from policyscan.report.formats import FORMATS, rendered
from policyscan.report.safe import plain_lines
from policyscan.report.scans import Refused, Report, Scan
from policyscan.report.screen import plain
from policyscan.rule import Finding, Level, Note, Step, Verdict
from policyscan.source import Span
from tests.plans import change, document
from tests.report.hostile import strings
from tests.report.judges import multitool
from tests.report.samples import (
    KMS,
    LOGS,
    OPEN,
    PUSHED,
    WAIVER,
    failed,
    outcome_of,
    report_of,
    scan_of,
)

COUNT = 1_000
STRINGS = strings(COUNT)
BATCHES = [STRINGS[at : at + 20] for at in range(0, COUNT, 20)]
GFM = MarkdownIt("gfm-like", {"linkify": False})


def findings(text: str) -> Iterator[Judgement]:
    """A failure, an unknown, a waived one and one of Checkov's, with the text wherever it fits."""
    details = {
        "path": (Step(text, text, text),),
        "notes": (Note(Level.INFO, text),),
        "fix": text,
        "snippet": text,
        "symptom": text,
        "cause": text,
        "at": text,
    }
    address = f"aws_s3_bucket.b{key_text(text)}"
    span = Span(text, 1, 1, 1, 2)
    yield Judgement(PUSHED, failed(address, text, **details), span=span, steps=(span,))
    yield Judgement(LOGS, failed(address, text, **details), is_new=False, steps=(None,))
    yield Judgement(OPEN, Finding(address, Verdict.UNKNOWN, text))
    waiver = replace(WAIVER, reason=text, owner=text, place=text)
    yield Judgement(LOGS, failed(f"{address}.x", text), waiver=waiver)


def report(texts: list[str]) -> Report:
    """A plan with findings of all texts, and a refused one for each."""
    rule = replace(KMS, name=texts[0], title=texts[0])
    checkov = CheckovReport(
        CheckovState.RAN,
        judgements=tuple(
            Judgement(rule, failed(f"c{key_text(text)}", text), checkov=CheckovSays(None, text))
            for text in texts
        ),
    )
    outcome = outcome_of([each for text in texts for each in findings(text)], checkov)
    outcome = replace(outcome, warnings=tuple(texts), errors=(texts[0],))
    scans = [Scan(Refused(text, text), 2) for text in texts]
    return report_of(scan_of(outcome, f"{texts[0]}.json"), *scans)


def starts_command(line: str) -> bool:
    """As GitHub's runner, Azure's agent and TeamCity find commands in a log."""
    return line.strip().startswith("::") or re.search(r"##\w*\[", line) is not None


@cache
def reports(name: str) -> list[tuple[list[str], str]]:
    """Every batch of texts with what a format makes of it."""
    return [(batch, rendered(name, report(batch))) for batch in BATCHES]


def test_there_are_a_thousand_and_all_differ() -> None:
    assert len(set(STRINGS)) == COUNT
    assert max(map(len, STRINGS)) > 900_000


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_lets_a_control_character_through(name: str) -> None:
    for _, text in reports(name):
        assert {each for each in text if not each.isprintable()} <= {"\n"}
        text.encode()


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "github"])
def test_no_line_is_a_command_for_a_ci_runner(name: str) -> None:
    for _, text in reports(name):
        assert [line[:80] for line in text.split("\n") if starts_command(line)] == []


def clip(text: str) -> str:
    return text[:1_000]


def test_json_holds_each_text_as_it_was() -> None:
    for batch, text in reports("json"):
        first = json.loads(text)[0]
        assert [each["message"] for each in first["verdicts"][::4]] == batch


def test_sarif_shows_each_text_and_makes_no_link_of_it() -> None:
    for batch, text in reports("sarif"):
        runs = json.loads(text)["runs"]
        assert len(runs) == len(batch) + 1
        messages = [
            each["message"]["text"] for each in runs[0]["results"] if each["ruleId"] == PUSHED.id
        ]
        assert len(messages) == len(batch)
        for each in batch:
            shown = plain_lines(clip(each)).replace("](", "] (")
            assert any(shown in message for message in messages)
        for result in runs[0]["results"]:
            assert "](" not in result["message"]["text"]
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[\w./~%-]*", uri, re.ASCII)


def test_junit_is_xml_that_says_each_text() -> None:
    for batch, text in reports("junit"):
        root = ET.fromstring(text)  # noqa: S314 - ours
        assert {each.tag for each in root.iter()} <= {
            *("testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"),
        }
        assert len(root) == len(batch) + 1
        told = [each.get("message", "") for each in root.iter("failure")]
        for each in batch:
            assert any(plain(clip(each).replace("\n", " ")) in message for message in told)


def test_gitlab_has_an_entry_for_each_problem_and_warning() -> None:
    for batch, text in reports("gitlab"):
        entries = json.loads(text)
        assert len(entries) == 3 * len(batch) + 1 + len(batch) + len(batch)
        assert len({each["fingerprint"] for each in entries}) == len(entries)


def test_concise_has_a_line_for_each_problem_warning_and_plan() -> None:
    for batch, text in reports("concise"):
        for_all = 1
        lines = 3 * len(batch) + 1 + len(batch) + len(batch) + len(batch) + 1 + for_all
        assert len(text.splitlines()) == lines


def test_github_gets_the_commands_we_mean_and_no_others() -> None:
    for batch, text in reports("github"):
        lines = text.split("\n")
        commands = [
            line for line in lines if starts_command(line) and line.strip().startswith("::")
        ]
        assert len(commands) == 3 * len(batch) + 1 + len(batch) + len(batch)
        assert [line for line in lines if line not in commands and starts_command(line)] == []
        told = []
        for line in commands:
            # As the runner parses: up to the next "::" the command and its properties.
            head, message = line[2:].split("::", 1)
            command, _, properties = head.partition(" ")
            assert command in {"error", "warning", "notice"}
            names = [each.partition("=")[0] for each in properties.split(",")]
            assert set(names) <= {"file", "line", "endLine", "col", "endColumn", "title"}
            assert len(set(names)) == len(names)
            told.append(message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%"))
        for each in batch:
            assert any(plain_lines(clip(each)) in message for message in told)


class _Tags(HTMLParser):
    """The tags of a page, its text, and its text outside code."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.parts: list[str] = []
        self.free: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self._code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
        if not self._code:
            self.free.append(data)


MADE_BY_MARKDOWN = {
    *("h2", "h3", "h4", "p", "ul", "li", "code", "pre", "strong", "br", "details", "summary"),
}


def test_markdown_shows_each_text_and_obeys_none() -> None:
    for _, text in reports("markdown"):
        assert len(text.encode()) <= 65_536
        page = _Tags()
        page.feed(GFM.render(text))
        page.close()
        assert {tag for tag, _ in page.tags} <= MADE_BY_MARKDOWN
        assert {names for _, names in page.tags} <= {(), ("class",)}
        # A data part ends at the comment that parts a mention, as a text node does on GitHub.
        for free in page.free:
            assert not re.search(r"@\w|#\d|://|\bwww\.\w", free), free[:200]
        headings = [tag for tag, _ in page.tags if tag in {"h2", "h3"}]
        assert headings in (["h2", "h3"], ["h2"])


@pytest.mark.parametrize("text", STRINGS)
def test_markdown_shows_a_text_as_it_is(text: str) -> None:
    one = report_of(scan_of(outcome_of([Judgement(PUSHED, failed("a.b", text, fix="x"))])))
    page = _Tags()
    page.feed(GFM.render(rendered("markdown", one)))
    page.close()
    wanted = " ".join(plain_lines(clip(text)).split())
    assert wanted[:900] in " ".join("".join(page.parts).split())


def test_from_a_plan_to_every_format(tmp_path: Path) -> None:
    usable = [each for each in STRINGS if len(each) < 1_000 and "\ud800" not in each][:60]
    plan = document(
        [
            change(
                f"aws_s3_bucket.b{key_text(each)}",
                after={"bucket": each, "force_destroy": False, "tags": {each: each}},
            )
            for each in usable
        ]
    )
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    files = {name: tmp_path / f"report.{name}" for name in FORMATS}
    asked = [part for name, file in files.items() for part in ("-f", f"{name}={file}")]
    assert run([str(path), "--no-source", *asked]) == 1
    texts = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    for name, text in texts.items():
        assert {each for each in text if not each.isprintable()} <= {"\n"}, name
        if name != "github":
            assert [line[:80] for line in text.split("\n") if starts_command(line)] == [], name
    verdicts = json.loads(texts["json"])["verdicts"]
    assert sum(each["verdict"] == "fail" for each in verdicts) >= len(usable)
    assert len(json.loads(texts["sarif"])["runs"][0]["results"]) >= len(usable)
    assert len(json.loads(texts["gitlab"])) >= len(usable)
    junit = ET.fromstring(texts["junit"])  # noqa: S314 - ours
    assert len(list(junit.iter("failure"))) >= len(usable)
    page = _Tags()
    page.feed(GFM.render(texts["markdown"]))
    page.close()
    assert {tag for tag, _ in page.tags} <= MADE_BY_MARKDOWN
    assert html.escape("<script>") not in "".join(tag for tag, _ in page.tags)


def test_tools_by_others_take_what_is_made_of_hostile_texts(tmp_path: Path) -> None:
    for number, at in enumerate((0, 1, len(BATCHES) - 1)):
        _, text = reports("sarif")[at]
        path = tmp_path / f"{number}.sarif"
        path.write_text(text)
        # A run for each plan that cannot be read is one more than GitHub takes of a file.
        assert [each.split()[0] for each in multitool(path, tmp_path)] == ["GH1013"]
