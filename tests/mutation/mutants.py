"""What could be wrong in a file: every small change of it that a test should notice.

A mutant changes one place: a comparison, `and` or `or`, a `not`, a condition, a `case`, a verdict,
a certainty, a number, a truth value, `any` or `all`, `min` or `max`. Left alone is what only words
depend on: messages, fixes, f-strings, errors; and what decides nothing: annotations, decorators,
the fields of a class.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatchmethod
from pathlib import Path
from typing import Final

VERDICTS: Final = ("fail", "passed", "undetermined", "not_applicable")
"""The functions whose verdict `turned` turns into another one; see `tests.mutation.transplant`."""

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[str, tuple[str, ...]]]] = {
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
}
_NAMES: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}
_MEMBERS: Final = {
    "Certainty": {"PROVEN": "INFERRED", "INFERRED": "PROVEN"},
    "Verdict": {"PASS": "FAIL", "FAIL": "PASS", "UNKNOWN": "PASS", "NA": "PASS"},
}
_WORDS: Final = frozenset({"message", "fix", "snippet", "symptom", "note", "strict"})
"""Keyword arguments that decide nothing: words for people, and `zip`'s check of itself."""
_WORDS_AT: Final = {**dict.fromkeys(VERDICTS, 1), "Opinion": 1, "Note": 1, "Step": 2}
"""Where a call takes such words by position."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file: what stands from `start` to `end` (bytes) becomes `text`.

    `lines` are first and last line of the statement it is in, and `where` the function, such as
    `Network.egress`. Of what stands in no function, `constant` is the name it is assigned to.
    """

    file: Path
    line: int
    start: int
    end: int
    text: str
    lines: tuple[int, int]
    where: str = ""
    constant: str = ""

    def applied(self, source: bytes) -> bytes:
        """The file with this change."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def change(self, source: bytes) -> tuple[str, str]:
        """The lines it changes, before and after, without their indentation."""
        first = source.rfind(b"\n", 0, self.start) + 1
        last = source.find(b"\n", self.end)
        before = source[first : last if last >= 0 else len(source)]
        after = before[: self.start - first] + self.text.encode() + before[self.end - first :]
        return before.decode().strip(), after.decode().strip()


def mutants_of(file: Path, source: bytes) -> tuple[Mutant, ...]:
    """Every mutant of a file, in the order of the text."""
    finder = _Finder(file, source)
    for statement in ast.parse(source).body:
        finder.top(statement)
    return tuple(sorted(finder.found, key=lambda each: (each.start, each.end, each.text)))


class _Finder:
    """Walks a file and keeps every mutant on its way."""

    def __init__(self, file: Path, source: bytes) -> None:
        self.found: list[Mutant] = []
        self._file = file
        self._source = source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._lines = (0, 0)
        self._where = ""
        self._constant = ""

    def top(self, node: ast.stmt, within: str = "") -> None:
        """A statement of a module or class: functions, and constants of the module."""
        match node:
            case ast.ClassDef(name=name):
                for each in node.body:
                    if isinstance(each, ast.FunctionDef | ast.ClassDef):
                        self.top(each, f"{within}{name}.")
            case ast.FunctionDef(name=name):
                self._where = f"{within}{name}"
                self.visit(node)
                self._where = ""
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if node.value is not None and name not in {"RULE", "__all__"}:
                    self._constant = name
                    self._lines = (node.lineno, node.end_lineno or node.lineno)
                    self.visit(node.value)
                    self._constant = ""

    @singledispatchmethod
    def visit(self, node: ast.AST) -> None:
        """Any other node: what is in it."""
        self._children(node)

    def _children(self, node: ast.AST) -> None:
        for each in ast.iter_child_nodes(node):
            if isinstance(each, ast.stmt):
                self._statement(each)
            else:
                self.visit(each)

    def _statement(self, node: ast.stmt) -> None:
        outer = self._lines
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
        self._lines = (node.lineno, max(node.lineno, last))
        self.visit(node)
        self._lines = outer

    @visit.register
    def _(self, node: ast.FunctionDef) -> None:
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        self._lines = (first, node.body[0].lineno - 1)
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        for each in node.body:
            self._statement(each)

    @visit.register
    def _(self, node: ast.JoinedStr | ast.Raise | ast.Import | ast.ImportFrom) -> None:
        """Words, or nothing to change."""

    @visit.register
    def _(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    @visit.register
    def _(self, node: ast.Compare) -> None:
        operands = (node.left, *node.comparators)
        for operator, left, right in zip(node.ops, operands, operands[1:], strict=False):
            shown, others = _COMPARISONS[type(operator)]
            gap = (self._end(left), self._start(right))
            for other in others:
                self._in_gaps([gap], shown, other, left.end_lineno or left.lineno)
        self._children(node)

    @visit.register
    def _(self, node: ast.BoolOp) -> None:
        shown, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        pairs = zip(node.values, node.values[1:], strict=False)
        gaps = [(self._end(left), self._start(right)) for left, right in pairs]
        self._in_gaps(gaps, shown, other, node.lineno)
        self._children(node)

    @visit.register
    def _(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._replace(node, self._text(node.operand))
        self.visit(node.operand)

    @visit.register
    def _(self, node: ast.If | ast.While) -> None:
        self._condition(node.test, never_only=isinstance(node, ast.While))
        self._children(node)

    @visit.register
    def _(self, node: ast.IfExp) -> None:
        if not (_is_text(node.body) and _is_text(node.orelse)):
            self._condition(node.test)
            self._children(node)

    @visit.register
    def _(self, node: ast.comprehension) -> None:
        for each in node.ifs:
            self._condition(each)
        self._children(node)

    @visit.register
    def _(self, node: ast.match_case) -> None:
        if node.guard is None:
            at = self._source.index(b":", self._end(node.pattern))
            self._add(at, at, " if False", node.pattern.lineno)
        else:
            self._condition(node.guard)
        self._children(node)

    @visit.register
    def _(self, node: ast.Constant) -> None:
        match node.value:
            case bool():
                self._replace(node, str(not node.value))
            case int() | float():
                self._replace(node, repr(node.value + 1))

    @visit.register
    def _(self, node: ast.Name) -> None:
        if node.id in _NAMES:
            self._replace(node, _NAMES[node.id])

    @visit.register
    def _(self, node: ast.Attribute) -> None:
        match node.value:
            case ast.Name(id=name) if node.attr in _MEMBERS.get(name, {}):
                self._replace(node, f"{name}.{_MEMBERS[name][node.attr]}")
        self.visit(node.value)

    @visit.register
    def _(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in VERDICTS:
            self._replace(node.func, f"turned({name})")
        self.visit(node.func)
        for index, argument in enumerate(node.args):
            if index != _WORDS_AT.get(name):
                self.visit(argument)
        for keyword in node.keywords:
            if keyword.arg not in _WORDS:
                self.visit(keyword.value)

    def _condition(self, node: ast.expr, *, never_only: bool = False) -> None:
        names = any(isinstance(each, ast.NamedExpr) for each in ast.walk(node))
        text = self._text(node)
        self._replace(node, f"({text}) and False" if names else "False")
        if not never_only:
            self._replace(node, f"({text}) or True" if names else "True")

    def _in_gaps(self, gaps: Sequence[tuple[int, int]], shown: str, other: str, line: int) -> None:
        """One mutant that has another operator in each gap between operands."""
        start, end = gaps[0][0], gaps[-1][1]
        text, at = "", start
        for first, last in gaps:
            gap = self._source[first:last].decode()
            text += self._source[at:first].decode() + gap.replace(shown, other, 1)
            at = last
        self._add(start, end, text, line)

    def _replace(self, node: ast.expr, text: str) -> None:
        self._add(self._start(node), self._end(node), text, node.lineno)

    def _add(self, start: int, end: int, text: str, line: int) -> None:
        inside = (self._lines, self._where, self._constant)
        self.found.append(Mutant(self._file, line, start, end, text, *inside))

    def _text(self, node: ast.expr) -> str:
        return self._source[self._start(node) : self._end(node)].decode()

    def _start(self, node: ast.expr | ast.pattern) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.pattern) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._starts[node.end_lineno - 1] + node.end_col_offset


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr():
            return True
        case ast.Constant(value=str()):
            return True
    return False
