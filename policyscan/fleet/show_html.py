"""Tables as a page of one file: no script, nothing from elsewhere, every value as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from typing import Any, Final

from policyscan.fleet.told import CELLS, MATRIX, Table, Told, grid
from policyscan.fleet.values import as_text
from policyscan.report.html.page import filled, part, policy
from policyscan.report.safe import inert
from policyscan.report.screen import plain
from policyscan.rule import Severity

_SEVERITIES: Final = frozenset(map(str, Severity))
_BARS: Final = frozenset({"findings", "share", "weight"})
"""Columns of reports whose numbers are drawn too."""
_WHOLE: Final = 100
"""The longest bar, and all of a share."""


def report_html(told: Told) -> str:
    """A report: what to know first, then its tables."""
    notes = "\n".join(f"<p>{_text(note)}</p>" for note in told.notes)
    return _page(told.title, notes, told.tables)


def query_html(sql: str, table: Table) -> str:
    """What a query finds, under the query."""
    # Lines are no danger here, where they stand in no log.
    shown = "\n".join(_text(line) for line in sql.strip().splitlines())
    return _page("Query", f"<pre>{shown}</pre>", (table,))


def _page(title: str, notes: str, tables: tuple[Table, ...]) -> str:
    own = files(__package__)
    style = part("colours.css") + own.joinpath("page.css").read_text(encoding="utf-8")
    links = "".join(f'<li><a href="#{each.name}">{_text(each.title)}</a></li>' for each in tables)
    contents = f'<nav aria-label="Tables"><ul>{links}</ul></nav>' if len(tables) > 1 else ""
    return inert(
        filled(
            own.joinpath("page.html").read_text(encoding="utf-8"),
            policy=policy(style),
            style=style,
            title=_text(title),
            notes=notes,
            contents=contents,
            tables="\n".join(_section(table) for table in tables),
        ),
        lambda sign: f"&#{ord(sign)};",
    )


def _section(table: Table) -> str:
    if not table.rows:
        shown = f"<p>{_text(table.nothing.capitalize())}.</p>"
    else:
        rows = _matrix(table) if table.name == MATRIX else _rows(table)
        # What scrolls has to be reached by keyboard, and to have a name then.
        shown = (
            f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{table.name}">'
            f"{''.join(rows)}</div>"
        )
    if table.rest:
        shown += f'<p class="more">{table.rest}</p>'
    return f'<section><h2 id="{table.name}">{_text(table.title)}</h2>{shown}</section>'


def _rows(table: Table) -> Iterator[str]:
    most = {
        at: _WHOLE if name == "share" else max(row[at] or 0 for row in table.rows)
        for at, name in enumerate(table.columns)
        if name in _BARS and all(isinstance(row[at], int | float | None) for row in table.rows)
    }
    numeric = [
        all(isinstance(row[at], int | float | None) for row in table.rows)
        for at in range(len(table.columns))
    ]
    yield "<table><thead><tr>"
    for name, is_number in zip(table.columns, numeric, strict=True):
        yield f'<th scope="col"{_class("number") if is_number else ""}>{_text(name)}</th>'
    yield "</tr></thead><tbody>"
    for row in table.rows:
        yield "<tr>"
        for at, value in enumerate(row):
            shown = _value(table.columns[at], value)
            if most.get(at):
                shown += _bar(_WHOLE * (value or 0) / most[at])
            yield f"<td{_class('number') if numeric[at] else ''}>{shown}</td>"
        yield "</tr>"
    yield "</tbody></table>"


def _value(column: str, value: Any) -> str:
    if column == "severity" and value in _SEVERITIES:
        return f'<span class="tag {value}">{value}</span>'
    return _text(as_text(value))


def _bar(length: float) -> str:
    """A bar of so many hundredths; the number stands beside it."""
    return (
        f'<svg class="bar" viewBox="0 0 {_WHOLE} 5" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{length:.1f}" height="5"/></svg>'
    )


def _matrix(table: Table) -> Iterator[str]:
    shown = grid(table)
    yield '<table class="matrix"><thead><tr><th scope="col">Rule</th>'
    for workspace in shown.workspaces:
        name = "others that fail" if workspace is None else workspace
        yield f'<th scope="col" title="{_text(name)}"><span class="up">{_text(name)}</span></th>'
    yield "</tr></thead><tbody>"
    for (rule, name, severity), cells in shown.rules.items():
        known = severity if severity in _SEVERITIES else ""
        yield (
            f'<tr><th scope="row">{_text(rule)} <span class="tag {known}">{_text(severity)}</span> '
            f"<small>{_text(name)}</small></th>"
        )
        for workspace, cell in zip(shown.workspaces, cells, strict=True):
            kind = cell.kind if cell.kind in CELLS else ""
            classes = f"{kind.replace(' ', '-')} {known}"
            sign = cell.sign(of_others=workspace is None)
            told = f'{sign}<span class="away"> {kind}</span>'
            yield f'<td{_class(classes)} title="{kind}">{told}</td>'
        yield "</tr>"
    yield "</tbody></table>"
    yield f'<p class="legend">A number: failures. {_legend(CELLS.items())}.</p>'


def _legend(signs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{sign} {kind}" for kind, sign in signs if sign)


def _class(names: str) -> str:
    return f' class="{names.strip()}"'


def _text(text: str) -> str:
    """As text or in an attribute; what steers a terminal is written out here too."""
    return escape(plain(text))
