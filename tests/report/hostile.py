"""Strings that somebody might put into a name, a tag or a key to get out of a report."""

from __future__ import annotations

from itertools import islice, product
from typing import Final

PARTS: Final = (
    "<script>alert(1)</script>",
    "</details></summary><img src=x onerror=alert(1)>",
    "--><svg onload=alert(1)>",
    "<!--",
    "]]><x/>",
    "&lt;b&gt; &#60; &amp",
    "[click](https://evil.example/?a=b)",
    "![i](https://evil.example/i.png)",
    "[0]: https://evil.example",
    "https://evil.example/x www.evil.example me@evil.example",
    "@octocat @org/team #123 org/repo#1",
    "`code` ``` fence",
    "```\n# out of the fence\n",
    "~~~\n",
    "**bold** __b__ *i* _i_ ~~s~~ $x$ $$y$$",
    "# heading",
    "\n\n# heading\n- list\n> quote\n1. one\n---\n===\n",
    "| a | b |\n| - | - |\n",
    "\\ \\` \\* \\",
    "::error file=x,line=1::boo",
    "\n::error::boo",
    "\n  ::add-mask::x",
    "\r::set-output name=a::b",
    "\u2028::warning::b\u2029",
    "##[error]boo",
    "##vso[task.setvariable variable=a]b",
    "\n##teamcity[buildStop]",
    "%0A::error::x %25 %",
    "a:b,c=d",
    "\x1b[2J\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\x9b31m \x85 \x7f \x08\x08\x08",
    "\u202etxt.exe\u202c \u2066x\u2069",
    "\u200b\u2060\ufeff\u00ad",
    "\x00",
    "\ud800 \udfff",
    "\ufffe\uffff",
    "\U0001f642 \u4e2d\u6587 \u0627\u0644",
    "'\"'\"",
    "{0} {{1}} ${x} %{if}",
    "](0) ](https://evil.example)",
    "\t tab \r\n crlf",
    "    four spaces",
    "<details><summary>x</summary>",
    "```mermaid\nflowchart LR\n",
)
"""Each breaks out of something; together they make pairs that might where one does not."""


def strings(count: int) -> list[str]:
    """So many different ones: each part alone, then pairs, a few of a megabyte among them."""
    pairs = (f"{first}{second}" for first, second in product(PARTS, PARTS) if first != second)
    long = [part * (1_000_000 // len(part)) for part in PARTS[:3]]
    return [*PARTS, *long, *islice(pairs, count - len(PARTS) - len(long))]
