"""Where the tokens of HCL begin and end: enough to split a file, not to understand it.

Source: hashicorp/hcl, hclsyntax/spec.md and scan_tokens.rl.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyscan.source.text import Text

_COMMENT: Final = r"\#[^\n]*|//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)"
_NAME: Final = r"[^\W\d][\w-]*"
_QUOTED: Final = r'"(?:[^"\\\n]|\\.)*"'

_TOKEN: Final = re.compile(
    rf"""(?P<comment>{_COMMENT})
       | (?P<heredoc><<-?{_NAME}[ \t]*\n)
       | (?P<string>")
       | (?P<open>[{{(\[])
       | (?P<close>[}})\]])
       | (?P<newline>\n)
       | (?P<minus>(?:(?<=[\w)\]}}"][ \t])|(?<=[)\]}}"]))-(?=\d\d))
       | (?P<foreign>[^\x00-\x7f]+)
    """,
    re.VERBOSE,
)
_IN_STRING: Final = re.compile(r'\\.|\$\$\{|%%\{|[$%]\{|["\n]')
_MARK: Final = re.compile(r"\$\$\{|%%\{|[$%]\{")
_BLANK: Final = re.compile(rf"(?:\s+|{_COMMENT})*")
_HEADER: Final = re.compile(
    rf"(?P<kind>{_NAME})(?P<labels>(?:[ \t]*(?:{_QUOTED}|{_NAME}))*)[ \t]*\{{"
)
_LABEL: Final = re.compile(rf"{_QUOTED}|{_NAME}")
_ESCAPE: Final = re.compile(r"\$\$\{|%%\{|\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)")
_SHOWN: Final = re.compile(rf"{_NAME}|\d+|[^\w]")
_CLOSING: Final = {"{": "}", "(": ")", "[": "]"}


class Token(NamedTuple):
    """A comment, a string, a heredoc, a bracket, a line end, a minus, letters beyond ASCII."""

    kind: str
    start: int
    end: int


class Insert(Struct, frozen=True):
    """`${ }` or `%{ }` in a template; `start` and `end` take in the brackets, `code` does not."""

    start: int
    end: int
    code: Text
    is_directive: bool


class Header(Struct, frozen=True):
    """The opening of a top-level block, and the text of the block; `opening` ends its brace."""

    kind: str
    labels: tuple[str, ...]
    text: Text
    opening: int


def tokens(text: Text, start: int = 0) -> Iterator[Token]:
    """The tokens that decide where things end, from a position outside any string.

    Raises SourceError: a string or a heredoc without its end.
    """
    position = start
    while match := _TOKEN.search(text.content, position):
        position = match.end()
        if match.lastgroup == "string":
            position = _string_end(text, match.start())
        elif match.lastgroup == "heredoc":
            position = _heredoc_end(text, match.start(), match.end())
        yield Token(str(match.lastgroup), match.start(), position)


def closing(text: Text, start: int) -> int:
    """The position behind the bracket that closes the one at `start`.

    Raises SourceError: there is none, or one of another kind.
    """
    expected: list[str] = []
    for token in tokens(text, start):
        if token.kind == "open":
            expected.append(_CLOSING[text.content[token.start]])
        elif token.kind == "close":
            if text.content[token.start] != expected[-1]:
                found = text.content[token.start]
                raise text.error(token.start, f"`{found}` where `{expected[-1]}` has to come first")
            expected.pop()
            if not expected:
                return token.end
    raise text.error(start, f"this `{text.content[start]}` is never closed")


def _string_end(text: Text, start: int) -> int:
    position = start + 1
    while match := _IN_STRING.search(text.content, position):
        position = match.end()
        if match.group() == '"':
            return position
        if match.group() == "\n":
            break
        if match.group() in {"${", "%{"}:
            position = closing(text, match.end() - 1)
    raise text.error(start, "this string is not closed on its line")


def _heredoc_end(text: Text, start: int, body: int) -> int:
    tag = text.content[start:body].strip().lstrip("<-")
    end = re.compile(rf"^[ \t]*{re.escape(tag)}[ \t]*$", re.MULTILINE).search(text.content, body)
    if end is None:
        raise text.error(start, f"this heredoc is never closed by a line `{tag}`")
    return end.end()


def headers(text: Text) -> Iterator[Header]:
    """The top-level blocks of a file, in order.

    Raises SourceError: something else than a block, or a block without an end.
    """
    position = 0
    while (position := _end_of_blank(text, position)) < len(text.content):
        match = _HEADER.match(text.content, position)
        if match is None:
            example = '`resource "type" "name" {`'
            found = named(text.content, position)
            raise text.error(position, f"expected a block such as {example}, found {found}")
        end = closing(text, match.end() - 1)
        labels = tuple(map(unquoted, _LABEL.findall(match["labels"])))
        opening = match.end() - position
        yield Header(match["kind"], labels, text.cut(position, end), opening)
        position = end


def _end_of_blank(text: Text, position: int) -> int:
    match = _BLANK.match(text.content, position)
    return position if match is None else match.end()


def argument(text: Text, name: str) -> str | None:
    """The constant string a block gives to an argument of its own; None when it gives none.

    Cheaper than reading the block; enough for a module's `source` and a provider's `alias`.
    """
    assigned = re.compile(rf"(?<![\w.-]){re.escape(name)}[ \t]*=[ \t]*\Z")
    depth = previous = 0
    for token in tokens(text):
        if token.kind == "string" and depth == 1:
            start, end = token.start + 1, token.end - 1
            between = text.content[previous : token.start]
            if assigned.search(between) and not any(inserts(text, start, end)):
                return unquoted(text.content[token.start : token.end])
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        previous = token.end
    return None


def inserts(text: Text, start: int, end: int) -> Iterator[Insert]:
    """What a template evaluates, between two positions inside it.

    Raises SourceError: a `${` or `%{` without its end.
    """
    position = start
    while match := _MARK.search(text.content, position, end):
        position = match.end()
        if len(match.group()) == len("${"):
            position = closing(text, match.end() - 1)
            is_directive = match.group() == "%{"
            code = text.cut(match.end(), position - 1)
            yield Insert(match.start(), position, code, is_directive)


def named(content: str, position: int) -> str:
    """What stands at a position, for an error; never the inside of a string: it may be secret."""
    match = _SHOWN.match(content, position)
    if match is None:
        return "the end of the file"
    shown = match.group()
    return {'"': "a string", "\n": "the end of the line"}.get(shown, f"`{shown}`")


def is_name(text: str) -> bool:
    """Whether a text is a single HCL identifier."""
    return re.fullmatch(_NAME, text) is not None


def unquoted(text: str) -> str:
    """The value of a name, or of a quoted string that evaluates nothing."""
    if not text.startswith('"'):
        return text

    def plain(match: re.Match[str]) -> str:
        token = match.group()
        if token in {"$${", "%%{"}:
            return token[1:]
        if digits := match[1] or match[2]:
            code = int(digits, 16)
            return chr(code) if code <= sys.maxunicode else token
        return {"n": "\n", "r": "\r", "t": "\t"}.get(token[1], token[1])

    return _ESCAPE.sub(plain, text[1:-1])


def mask(text: Text) -> str:
    """The text, equally long, with everything blanked that python-hcl2 reads wrongly or not at all.

    Strings and heredocs become strings of `_`, comments blanks, letters beyond ASCII `_`, line
    ends blanks where HCL ignores them (in parentheses and tuples), and a minus `+` where
    python-hcl2 would take `x -10` for two numbers side by side.
    """
    masked: list[str] = []
    brackets: list[str] = []
    previous = 0
    for kind, start, end in tokens(text):
        masked.append(text.content[previous:start])
        written = text.content[start:end]
        match kind:
            case "string" | "heredoc":
                masked.append(f'"{"_" * (end - start - 2)}"')
            case "comment":
                masked.append(" " * (end - start))
            case "foreign":
                masked.append("_" * (end - start))
            case "minus":
                masked.append("+")
            case "newline" if brackets and brackets[-1] in "([":
                masked.append(" ")
            case _:
                masked.append(written)
        if kind == "open":
            brackets.append(written)
        elif kind == "close" and brackets:
            brackets.pop()
        previous = end
    masked.append(text.content[previous:])
    return "".join(masked)
