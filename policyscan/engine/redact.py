"""Takes what is secret out of what a scan says, last and in one place, whatever the format.

Rules know by its mark that a value is sensitive, and say so instead of the value. Two things pass
them by: a plan gives variables in clear, and `nonsensitive()` or a provider may carry one to where
no mark is; and a rule may forget. So every text of a finding goes through here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from msgspec.structs import replace

from policyscan.plan import Known, Plan
from policyscan.plan.address import key_text
from policyscan.plan.attributes import mark_of
from policyscan.rule import Finding, Note, Step

_HIDDEN: Final = "(sensitive)"
_HIDDEN_NAME: Final = "SENSITIVE"
"""The same in HCL, which has to stay HCL."""
_CERTAIN: Final = 6
"""Characters from which a value is hidden wherever it stands."""
_SHORTEST: Final = 3
"""Characters from which a variable's value is hidden as a word; shorter ones hide nothing."""
_LONGEST: Final = 10_000
"""Characters of one text of a finding; a plan may hold a name of 50 million."""
_QUOTED_KEY: Final = re.compile(r'\["((?:[^"\\]|\\.)*)"\]')


_WITHHELD: Final = re.compile(r"\(sensitive \d+\)")


def is_withheld(address: str) -> bool:
    """Whether an address hides an instance key: in another plan it may stand for another one."""
    return bool(_WITHHELD.search(address))


class Secrets:
    """Values to be found in texts; how long that takes does not depend on how many they are."""

    def __init__(self, values: Iterable[str]) -> None:
        # The longest first, so that nothing is left of it.
        self._numbers = {
            value: number
            for number, value in enumerate(sorted(set(values), key=lambda v: (-len(v), v)), 1)
        }
        self.longest = max(map(len, self._numbers), default=0)
        # Many values may start alike, but few lengths are there to try.
        self._lengths: dict[str, dict[int, None]] = {}
        for value in self._numbers:
            if len(value) >= _CERTAIN:
                self._lengths.setdefault(value[:_CERTAIN], {})[len(value)] = None
        self._starts = _starts(self._lengths) if self._lengths else None
        words = [re.escape(value) for value in self._numbers if len(value) < _CERTAIN]
        self._words = re.compile(rf"(?<![^\W_])(?:{'|'.join(words)})(?![^\W_])") if words else None

    def may_be_in(self, text: str) -> bool:
        """Whether something in a text starts as a value does."""
        return any(each and each.search(text) for each in (self._starts, self._words))

    def replaced(self, text: str, replacement: Callable[[int], str]) -> str:
        """The text with each value replaced by what stands for the value's number."""
        if self._starts is not None:
            text = "".join(self._pieces(text, self._starts, replacement))
        if self._words is not None:
            text = self._words.sub(lambda word: replacement(self._numbers[word[0]]), text)
        return text

    def _pieces(
        self, text: str, starts: re.Pattern[str], replacement: Callable[[int], str]
    ) -> Iterator[str]:
        clear = at = 0
        while found := starts.search(text, at):
            at = found.start()
            lengths = self._lengths.get(text[at : at + _CERTAIN], ())
            possible = (text[at : at + length] for length in lengths)
            value = next((each for each in possible if each in self._numbers), "")
            if value:
                yield text[clear:at]
                yield replacement(self._numbers[value])
                clear = at + len(value)
            at += len(value) or 1
        yield text[clear:]


def _starts(beginnings: Iterable[str]) -> re.Pattern[str]:
    """What finds where one of some texts may start: a tree of their first three characters."""
    tree: dict[str, dict[str, set[str]]] = {}
    for text in beginnings:
        tree.setdefault(text[0], {}).setdefault(text[1], set()).add(text[2])
    branches = []
    for first, seconds in sorted(tree.items()):
        twigs = (
            f"{re.escape(second)}[{''.join(map(re.escape, sorted(thirds)))}]"
            for second, thirds in sorted(seconds.items())
        )
        branches.append(f"{re.escape(first)}(?:{'|'.join(twigs)})")
    return re.compile("|".join(branches))


class Redaction:
    """What must not be shown of one plan: `variables` nowhere, `marked` in no text.

    `hides_nothing`: there is no value to be found.
    """

    def __init__(self, variables: Secrets, marked: Secrets) -> None:
        self.variables = variables
        self.marked = marked
        self.hides_nothing = not (variables.longest or marked.longest)
        # Texts by what was asked: the same ones come again and again.
        self._told: dict[tuple[str, str], str] = {}

    def text(self, text: str, hidden: str = _HIDDEN) -> str:
        """A text without the values, and no longer than anyone reads."""
        if self.hides_nothing and len(text) <= _LONGEST:
            return text
        if (text, hidden) not in self._told:
            self._told[text, hidden] = self._text(text, hidden)
        return self._told[text, hidden]

    def _text(self, text: str, hidden: str) -> str:
        # A value that starts before the cut is there as a whole, or its start would stay.
        shown = text[: _LONGEST + max(self.variables.longest, self.marked.longest)]
        for secrets in (self.variables, self.marked):
            shown = secrets.replaced(shown, lambda _: hidden)
        if len(text) <= _LONGEST:
            return shown
        return f"{shown[:_LONGEST]}... ({len(text)} characters in all)"

    def address(self, address: str) -> str:
        """An address with numbers for instance keys that are values of sensitive variables.

        The rest of it is written in the configuration, and Terraform shows it everywhere.
        """
        return _QUOTED_KEY.sub(
            lambda key: f'["{self.variables.replaced(key[1], "(sensitive {})".format)}"]', address
        )

    def _is_clear(self, finding: Finding) -> bool:
        """Whether a finding says nothing secret, nor too much, by all of its texts at once."""
        texts = [finding.message, finding.fix, finding.snippet, finding.symptom]
        texts += (finding.cause, finding.at)
        for step in finding.path:
            texts += (step.attribute, step.note)
        texts += [note.text for note in finding.notes]
        said = "\n".join(texts)
        if len(said) > _LONGEST:
            return False
        if self.hides_nothing:
            return True
        addresses = "\n".join((finding.address, *(step.address for step in finding.path)))
        return not (
            self.variables.may_be_in(said)
            or self.marked.may_be_in(said)
            or self.variables.may_be_in(addresses)
        )

    def finding(self, finding: Finding) -> Finding:
        """A finding that says nothing secret; addresses stay told apart."""
        if self._is_clear(finding):
            return finding
        return replace(
            finding,
            address=self.address(finding.address),
            message=self.text(finding.message),
            path=tuple(
                Step(self.address(step.address), self.text(step.attribute), self.text(step.note))
                for step in finding.path
            ),
            notes=tuple(Note(note.level, self.text(note.text)) for note in finding.notes),
            fix=self.text(finding.fix),
            snippet=self.text(finding.snippet, _HIDDEN_NAME),
            symptom=self.text(finding.symptom),
            cause=self.text(finding.cause),
            at=self.text(finding.at),
        )


def nothing_secret() -> Redaction:
    """For what holds no secrets."""
    return Redaction(Secrets(()), Secrets(()))


def redaction(plan: Plan) -> Redaction:
    """What must not be shown of a plan.

    The keys of a sensitive map are not among it: `nonsensitive(keys(var.x))` is how Terraform has
    one loop over it, and then prints them itself.
    """
    given: list[Any] = [
        value.value
        for value in plan.variables.values()
        if isinstance(value, Known) and value.is_sensitive
    ]
    variables = {
        text
        for value in (*given, *plan.secret_constants)
        for text in _texts(value)
        if len(text) >= _SHORTEST
    }
    # Inside an instance key quotes and the like are escaped.
    variables |= {key_text(text)[2:-2] for text in variables}
    marked = {
        text
        for resource in plan.resources
        for value, mark in (
            (resource.before, resource.before_sensitive),
            (resource.after, resource.after_sensitive),
        )
        for part in _marked(value, mark)
        for text in _texts(part)
        if len(text) >= _CERTAIN
    }
    return Redaction(Secrets(variables), Secrets(marked - variables))


def _marked(value: Any, mark: Any) -> Iterator[Any]:
    """The parts of a value that a mark tree marks."""
    if mark is True:
        yield value
    elif not mark:
        return
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _marked(part, mark_of(mark, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _marked(part, mark_of(mark, index))
    else:
        # A tree where a single value stands: more is marked than can be told.
        yield value


def _texts(value: Any) -> Iterator[str]:
    """Every text and number in a value, those in JSON inside a text too."""
    match value:
        case bool() | None:
            return
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)
        case str() if value[:1] in {"{", "["}:
            yield value
            try:
                yield from _texts(json.loads(value))
            except (ValueError, RecursionError):
                return
        case _:
            yield str(value)
