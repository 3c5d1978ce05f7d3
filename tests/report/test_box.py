"""Source in the text report: boxed, marked where it matters, and never what is sensitive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyscan.engine import Outcome, Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.report.box import boxed
from policyscan.report.screen import Style
from policyscan.report.text_report import render_text
from policyscan.source import Span, read_source
from tests.plans import change, plan_of

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = Style(colour=False)


@pytest.mark.parametrize(
    ("line", "columns", "shown", "marks"),
    [
        ("  days = 30", (3, 12), "  days = 30", "  ^^^^^^^^^"),
        ("x { days = 30 }", (5, 14), "x { days = 30 }", "    ^^^^^^^^^"),
        # A tab reaches to the next eighth column, and counts as one where it is told.
        ("\ta\t=\t1", (2, 7), "        a       =       1", "        " + "^" * 17),
        # Two columns of the screen for a rocket, none for a mark that combines.
        ('"e\u0301\U0001f680" = 1', (9, 10), '"e\u0301\U0001f680" = 1', "        ^"),
        ("[ ]", (2, 2), "[ ]", " ^"),
        ("a\x1b[2Jb", (6, 7), "a\\u001b[2Jb", "          ^"),
    ],
)
def test_one_line_is_marked_under_what_matters(
    line: str, columns: tuple[int, int], shown: str, marks: str
) -> None:
    found = list(boxed((line,), Span("a.tf", 7, 7, *columns), PLAIN))
    assert found == [f"    7 │ {shown}", f"      │ {marks}"]


def test_of_several_lines_the_first_are_shown_and_the_others_counted() -> None:
    assert list(boxed(("a = [", "", "  1,"), Span("a.tf", 99, 104, 1, 2), PLAIN)) == [
        "   99 │ a = [",
        "  100 │",
        "  101 │   1,",
        "      │ ... 3 more lines",
    ]
    assert list(boxed(("a = [",), Span("a.tf", 1, 2, 1, 2), PLAIN))[-1] == "      │ ... 1 more line"


def outcome(folder: Path, *, is_secret: bool) -> Outcome:
    """A log group whose tags hold a password, with its source."""
    (folder / "main.tf").write_text(
        'resource "aws_cloudwatch_log_group" "g" { retention_in_days = 3\n'
        ' tags = { p = "hunter2", retention = "x" } }\n'
    )
    group = change(
        "aws_cloudwatch_log_group.g",
        after={"retention_in_days": 3, "tags": {"p": "hunter2"}},
        sensitive={"tags": {"p": True}} if is_secret else {},
    )
    graph = ResourceGraph(plan_of([group]), read_source(folder))
    return judge(graph, load_pack(built_in_pack()), Settings(select=("PS401", "PS802")))


def test_no_line_is_shown_of_a_resource_that_holds_something_sensitive(tmp_path: Path) -> None:
    shown = render_text(outcome(tmp_path, is_secret=False), 1)
    hidden = render_text(outcome(tmp_path, is_secret=True), 1)
    assert "hunter2" in shown
    assert "hunter2" not in hidden
    assert hidden.count(f"{tmp_path.as_posix()}/main.tf:") == 2
    assert "│" not in hidden


def test_no_line_is_shown_that_holds_a_sensitive_variable(tmp_path: Path) -> None:
    source = """
        variable "token" {
          sensitive = true
        }
        resource "aws_cloudwatch_log_group" "g" {
          retention_in_days = length("hunter2-is-secret")
        }
        """
    (tmp_path / "main.tf").write_text(source)
    plan = plan_of(
        [change("aws_cloudwatch_log_group.g", after={"retention_in_days": 17})],
        {"variables": {"token": {"sensitive": True}}},
        variables={"token": {"value": "hunter2-is-secret"}},
    )
    pack, settings = load_pack(built_in_pack()), Settings(select=("PS401",))
    text = render_text(judge(ResourceGraph(plan, read_source(tmp_path)), pack, settings), 1)
    assert f"{tmp_path.as_posix()}/main.tf:6\n" in text
    assert "hunter2" not in text
