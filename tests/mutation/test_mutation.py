"""The mutation check works: it finds what to break, and sees which tests notice."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from tests.mutation.listing import (
    BEGIN,
    END,
    EQUIVALENT,
    Check,
    change_of,
    read_equivalent,
    write_page,
)
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.run import ROOT, every_mutant, try_all
from tests.mutation.session import Fate, Suite, Trial
from tests.mutation.transplant import Namespace, transplant

TINY = """\
    MOST = 3

    class Door:
        width: int = 1

        @property
        def is_open(self) -> bool:
            return True

    def is_many(count: int, *, is_free: bool = False) -> bool:
        return is_free or count > MOST

    def unused(name: str) -> bool:
        return name == ""

    def climb(count: int) -> None:
        while count < 4:
            count += 1
"""
TESTS = """\
    from {name} import MOST, Door, climb, is_many

    def test_four_is_many():
        assert is_many(4)
        assert not is_many(2)

    def test_a_door_is_open():
        assert Door().is_open

    def test_climbing_ends():
        climb(1)
        climb(9)
"""


def changes(text: str) -> list[tuple[str, str]]:
    source = dedent(text).encode()
    return [each.change(source) for each in mutants_of(Path("x.py"), source)]


def in_function(line: str) -> list[str]:
    """What the mutants make of a line in a function."""
    return [after for _, after in changes(f"def f(a, b):\n    {line}\n")]


@pytest.mark.parametrize(
    ("line", "others"),
    [
        ("return a < b", ["return a <= b", "return a >= b"]),
        ("return a is not b", ["return a is b"]),
        ("return a not in b", ["return a in b"]),
        ("return a and b and c", ["return a or b or c"]),
        ("return not a", ["return a"]),
        ("return any(a)", ["return all(a)"]),
        ("return a[0]", ["return a[1]"]),
        ("return True", ["return False"]),
        ("return passed(a, f'{b + 1}')", ["return turned(passed)(a, f'{b + 1}')"]),
        ("return fail(a, b[0], fix=b[0])", ["return turned(fail)(a, b[0], fix=b[0])"]),
        ("return Certainty.PROVEN", ["return Certainty.INFERRED"]),
        ("if a: pass", ["if False: pass", "if True: pass"]),
        ("if b := a: pass", ["if (b := a) and False: pass", "if (b := a) or True: pass"]),
        ("while a: pass", ["while False: pass"]),
        ("return {x for x in a if b}", [f"return {{x for x in a if {c}}}" for c in (False, True)]),
        ("return f'{a + 1}'", []),
        ("raise ValueError(a + 1)", []),
        ("x: Literal[1] = a", []),
        ("return 'é' if a else b", ["return 'é' if False else b", "return 'é' if True else b"]),
        ("return ('é', a == b)", ["return ('é', a != b)"]),
    ],
)  # fmt: skip
def test_a_line_is_broken_in_every_small_way(line: str, others: list[str]) -> None:
    assert in_function(line) == others


def test_a_case_is_dropped_and_its_guard_too() -> None:
    text = """\
        def f(a, b):
            match a:
                case str(): return a
                case _ if b: return b
    """
    assert [after for _, after in changes(text)] == [
        "case str() if False: return a",
        "case _ if False: return b",
        "case _ if True: return b",
    ]


def test_operators_are_found_across_lines_and_comments() -> None:
    text = "def f(a, b):\n    return (\n        a  # or not\n        and b\n    )\n"
    assert changes(text) == [("a  # or not\n        and b", "a  # or not\n        or b")]


def test_fields_annotations_and_what_a_rule_is_called_are_left_alone() -> None:
    assert changes("class A:\n    x: int = 1\n\nRULE = Rule(1)\n__all__ = (1,)\n") == []
    assert changes("LEAST: int = 1\n") == [("LEAST: int = 1", "LEAST: int = 2")]


def tried(folder: Path, name: str, more: str = "") -> dict[tuple[str, str], Fate]:
    """What becomes of the mutants of the tiny module, by the line before and after."""
    (folder / f"{name}.py").write_text(dedent(TINY))
    (folder / f"test_{name}.py").write_text(dedent(TESTS).format(name=name) + dedent(more))
    source = (folder / f"{name}.py").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        mutants = mutants_of(Path(f"{name}.py"), source)
        suite = Suite((str(folder / f"test_{name}.py"),), lambda: (vars(sys.modules[name]),))
        fates = try_all(Trial(mutants, folder, suite, seconds=0.5))
    return {each.change(source): fate for each, fate in fates.items()}


def test_a_mutant_is_killed_survives_runs_wild_or_is_not_reached(tmp_path: Path) -> None:
    header = "def is_many(count: int, *, is_free: bool = {}) -> bool:"
    assert tried(tmp_path, "tiny_one") == {
        ("MOST = 3", "MOST = 4"): Fate.KILLED,
        ("return True", "return False"): Fate.KILLED,
        (header.format("False"), header.format("True")): Fate.KILLED,
        ("return is_free or count > MOST", "return is_free and count > MOST"): Fate.KILLED,
        ("return is_free or count > MOST", "return is_free or count >= MOST"): Fate.SURVIVED,
        ("return is_free or count > MOST", "return is_free or count <= MOST"): Fate.KILLED,
        ('return name == ""', 'return name != ""'): Fate.UNREACHED,
        ("while count < 4:", "while count <= 4:"): Fate.SURVIVED,
        ("while count < 4:", "while count >= 4:"): Fate.TIMED_OUT,
        ("while count < 4:", "while count < 5:"): Fate.SURVIVED,
        ("while count < 4:", "while False:"): Fate.SURVIVED,
        ("count += 1", "count += 2"): Fate.SURVIVED,
    }


def test_tests_that_fail_anyway_try_nothing(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="the tests fail without any mutant"):
        tried(tmp_path, "tiny_two", "def test_no():\n    assert is_many(1)\n")


def check(
    fates: dict[Mutant, Fate], equivalent: frozenset[tuple[str, str, str, str]] = frozenset()
) -> Check:
    return Check(fates, equivalent, 1.0)


@pytest.fixture
def four(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Mutant, ...]:
    """Four mutants of a file in the working directory."""
    monkeypatch.chdir(tmp_path)
    file = Path("rules.py")
    file.write_text("def f(a, b):\n    return any(a), any(b), min(a), a == b\n")
    return mutants_of(file, file.read_bytes())


def test_a_survivor_is_shown_with_its_place_and_change(four: tuple[Mutant, ...]) -> None:
    fates = dict(zip(four, (Fate.KILLED, Fate.SURVIVED, Fate.TIMED_OUT, Fate.KILLED), strict=True))
    assert check(fates).survivors() == (
        "rules.py:2: f: survived\n"
        "  - return any(a), any(b), min(a), a == b\n"
        "  + return any(a), all(b), min(a), a == b\n"
    )
    assert check(fates).summary() == "3 of 4 mutants killed (75.0 %), 0 equivalent, in 1 s"


def test_nine_of_ten_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("rules.py")
    file.write_text("def f(a):\n" + "    any(a)\n" * 10)
    ten = mutants_of(file, file.read_bytes())
    one, two = (dict.fromkeys(ten[:count], Fate.SURVIVED) for count in (1, 2))
    assert check(dict.fromkeys(ten, Fate.KILLED) | one).is_enough
    assert not check(dict.fromkeys(ten, Fate.KILLED) | two).is_enough


def test_an_equivalent_mutant_does_not_count(four: tuple[Mutant, ...]) -> None:
    fates = dict.fromkeys(four, Fate.KILLED) | {four[0]: Fate.SURVIVED}
    known = frozenset({change_of(four[0], four[0].file.read_bytes())})
    assert check(fates, known).survivors() == ""
    told = "3 of 3 mutants killed (100.0 %), 1 equivalent, in 1 s"
    assert check(fates, known).summary() == told
    sample = replace(check(fates, known), drawn="a sample of 4 of 9 by seed 7")
    assert sample.summary() == f"{told} (a sample of 4 of 9 by seed 7)"


def test_the_page_keeps_what_stands_around_the_figure(
    four: tuple[Mutant, ...], tmp_path: Path
) -> None:
    page = tmp_path / "quality.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n")
    for _ in range(2):
        write_page(page, check(dict.fromkeys(four, Fate.UNREACHED)))
    lines = page.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("before", "after")
    assert "old" not in lines
    assert [line for line in lines if "together" in line] == ["| together | 4 | 0 | 0.0 % |"]


def test_every_equivalent_mutant_is_one_that_is_tried_and_has_a_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    made = {change_of(each, each.file.read_bytes()) for each in every_mutant()}
    assert read_equivalent() - made == frozenset()
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("mutant", [])
    assert [each for each in entries if len(each.get("why", "")) < 10] == []


HOUSE = """\
    from dataclasses import dataclass
    from functools import cached_property

    LEAST = 3

    @dataclass(frozen=True)
    class House:
        rooms: int

        @property
        def is_large(self) -> bool:
            return self.rooms > LEAST

        @cached_property
        def is_empty(self) -> bool:
            return self.rooms == 0

        @classmethod
        def of(cls, rooms: int = 1) -> "House":
            return cls(rooms)

        @staticmethod
        def is_home() -> bool:
            return True
"""


@pytest.mark.parametrize(
    ("becomes", "answers"),
    [
        ("", (True, True, 1, True)),
        ("return self.rooms <= LEAST", (False, True, 1, True)),
        ("return self.rooms != 0", (True, False, 1, True)),
        ('def of(cls, rooms: int = 2) -> "House":', (True, True, 2, True)),
        ("return False", (True, True, 1, False)),
    ],
)
def test_what_others_have_imported_behaves_like_the_mutant(
    becomes: str, answers: tuple[bool, bool, int, bool]
) -> None:
    source, live = house()
    imported = live["House"]
    mutants = {each.change(source)[1]: each for each in mutants_of(Path("house.py"), source)}
    mutated = mutants[becomes].applied(source) if becomes else source
    assert transplant(mutated, "", live) == bool(becomes)
    assert live["House"] is imported
    four, none = imported(4), imported(0)
    assert (four.is_large, none.is_empty, imported.of().rooms, imported.is_home()) == answers


def test_a_constant_is_bound_anew_wherever_it_was_imported() -> None:
    source, live = house()
    importer, other = {"LEAST": live["LEAST"]}, {"LEAST": 5}
    (mutant,) = (each for each in mutants_of(Path("house.py"), source) if each.constant)
    assert transplant(mutant.applied(source), "LEAST", live, (live, importer, other)) == 2
    assert (live["LEAST"], importer["LEAST"], other["LEAST"]) == (4, 4, 5)
    assert not live["House"](4).is_large


def house() -> tuple[bytes, Namespace]:
    """The source of a module, and what it holds once it is loaded."""
    source = dedent(HOUSE).encode()
    live: Namespace = {"__name__": "house", "__file__": "house.py"}
    exec(compile(source, "house.py", "exec", dont_inherit=True), live)  # noqa: S102 - see above
    return source, live
