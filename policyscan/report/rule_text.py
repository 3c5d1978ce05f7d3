"""Rules as people read them: a table of many, a page of one."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from policyscan.engine import PackRule, Settings
from policyscan.report.checkov_page import relations_of
from policyscan.report.rule_pages import Example
from policyscan.rule import Parameter, Rule, Setting

EXAMPLES = "examples.json"
"""The file of a pack that holds an example of each rule."""

_HEAD = ("id", "severity", "name", "group", "holds when")
_NARROWEST = 30
"""Columns below which a title is not broken but stands beneath its rule."""
_SECTION = re.compile(r"^(?=## )", re.MULTILINE)


def written_examples(examples: Mapping[str, Example]) -> str:
    """The text of that file, of examples by the id of their rule."""
    shown = {
        rule: {"failing": each.failing, "passing": each.passing} for rule, each in examples.items()
    }
    return json.dumps(shown, indent=1, ensure_ascii=False) + "\n"


def read_example(pack_folder: Path, rule: str) -> Example:
    """The HCL of a rule that comes with a pack: what fails, and what passes."""
    file = pack_folder / EXAMPLES
    if not file.is_file():
        return Example()
    return Example(**json.loads(file.read_text(encoding="utf-8")).get(rule, {}))


def render_rules(
    pack: tuple[PackRule, ...], settings: Settings, profile: str, *, width: int | None
) -> str:
    """A line for each rule and one for each of its parameters.

    `width` is the columns of a terminal; None breaks no line, for what reads lines.
    """
    rows = [_HEAD] + [
        (rule.id, str(settings.severity(rule)), rule.name, rule.group, rule.title)
        for rule in (each.rule for each in pack)
    ]
    columns = [max(len(row[at]) for row in rows) for at in range(len(_HEAD) - 1)]
    lines: list[str] = []
    for row, each in zip(rows, (None, *pack), strict=True):
        cells = [cell.ljust(size) for cell, size in zip(row, columns, strict=False)]
        lines += _beside("  ".join(cells), row[-1], width)
        for text in _set_to(each.rule, settings) if each else ():
            lines += _folded(text, "       ", width)
    many = f"{len(pack)} rule{'' if len(pack) == 1 else 's'}"
    fails = f"{settings.fail_on} fails a scan ({settings.origin('fail_on')})"
    return (
        "\n".join([*lines, "", *_folded(f"{many}, profile {profile}; {fails}", "", width)]) + "\n"
    )


def render_rule(
    each: PackRule, example: Example, settings: Settings, *, is_run: bool = True
) -> str:
    """The page of one rule: its own, with an example and what it is set to."""
    rule = each.rule
    intro, *sections = _SECTION.split(each.page)
    shown = "\n\n".join(
        f"{title}:\n\n{textwrap.indent(text, '    ')}"
        for title, text in (("Fails", example.failing), ("Passes", example.passing))
        if text
    )
    if shown:
        fix = next((at for at, text in enumerate(sections) if text.startswith("## Fix")), -1)
        sections.insert(fix + 1, f"## Example\n{shown}")
    if rule.parameters:
        listed = "\n".join(_described(rule, one, settings) for one in rule.parameters)
        sections.insert(-1, f"## Parameters\n{listed}")
    if rule.checkov:
        told = "\n".join(line for one in relations_of(rule) for line in _folded(one, "", 100))
        sections.insert(-1, f"## Beside Checkov\n{told}")
    origin = settings.origin(rule.id, "severity")
    severity = f"Severity: {settings.severity(rule)} ({origin})."
    judged = f"Group: {rule.group}. Judges: {', '.join(rule.types) or 'the plan'}."
    head = [f"{rule.id} {rule.name}", "", f"{rule.title}.", "", *_folded(judged, "", 100), severity]
    if not is_run:
        head.append("It does not run with these settings.")
    return "\n\n".join(["\n".join(head), *(part.strip() for part in (intro, *sections))]) + "\n"


def spelt(value: Setting) -> str:
    """A value as `--set` takes it. Example: `docker.io,public.ecr.aws`."""
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _set_to(rule: Rule, settings: Settings) -> Iterator[str]:
    """What a rule is set to, and where that comes from."""
    if rule.id in settings.severities:
        origin = settings.origin(rule.id, "severity")
        yield f"severity={settings.severity(rule)} ({origin}; its own is {rule.severity})"
    for parameter in rule.parameters:
        yield _assigned(rule, parameter, settings)


def _assigned(rule: Rule, parameter: Parameter, settings: Settings) -> str:
    value = settings.parameters(rule)[parameter.name]
    return f"{rule.id}.{parameter.name}={spelt(value)} ({settings.origin(rule.id, parameter.name)})"


def _described(rule: Rule, parameter: Parameter, settings: Settings) -> str:
    text = f"{_assigned(rule, parameter, settings)}: {parameter.description}"
    if parameter.choices:
        text += f"; one of {spelt(tuple(map(str, parameter.choices)))}"
    return "\n".join(_folded(text, "", 100))


def _beside(start: str, title: str, width: int | None) -> list[str]:
    """A title behind the other columns, broken where it does not fit, or beneath them."""
    if width is None:
        return [f"{start}  {title}"]
    left = width - len(start) - 2
    if left < _NARROWEST:
        return [*_folded(start.rstrip(), "", width), *_folded(title, "       ", width)]
    first, *others = textwrap.wrap(title, left)
    return [f"{start}  {first}", *(" " * (len(start) + 2) + other for other in others)]


def _folded(text: str, indent: str, width: int | None) -> list[str]:
    """A paragraph; what follows its first line is indented further."""
    if width is None:
        return [indent + text]
    return textwrap.wrap(
        re.sub(r",(?=\S)", ", ", text) if len(text) > width else text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
