"""Three truths, and what each of them stands on."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from policyscan.rule import Certainty, Step


class Truth(Enum):
    """Whether a condition holds; OPEN where the plan does not tell."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"

    @property
    def opposite(self) -> Truth:
        """What `not` makes of it."""
        turned = {Truth.HOLDS: Truth.FAILS, Truth.FAILS: Truth.HOLDS}
        return turned.get(self, self)


class Ground(Struct, frozen=True):
    """Why it is so: `fact` is what the plan says, `asked` the condition it was held against.

    `at` is the attribute that decides, `path` the evidence through the graph.
    """

    fact: str
    asked: str = ""
    at: str = ""
    path: tuple[Step, ...] = ()
    certainty: Certainty = Certainty.PROVEN

    @property
    def text(self) -> str:
        """Both in one clause."""
        return f"{self.fact} (asked: {self.asked})" if self.asked else self.fact

    def negated(self) -> Ground:
        """The same ground under `not`."""
        return replace(self, asked=f"not {self.asked}") if self.asked else self


Answer = dict[Truth, Ground]
"""What conditions say of one resource; parts of a policy may disagree on it."""

Answers = dict[str, Answer]
"""By address."""

AND = (Truth.FAILS, Truth.OPEN, Truth.HOLDS)
OR = (Truth.HOLDS, Truth.OPEN, Truth.FAILS)
"""Which truth decides, the first that is there."""


def decided(answer: Answer, order: tuple[Truth, ...]) -> tuple[Truth, Ground]:
    """The truth that decides. Raises StopIteration: there is none."""
    truth = next(each for each in order if each in answer)
    return truth, answer[truth]


def add(answers: Answers, more: Answers) -> None:
    """Take up what more conditions say; the first ground of each truth stays."""
    for address, answer in more.items():
        known = answers.setdefault(address, {})
        for truth, ground in answer.items():
            known.setdefault(truth, ground)
