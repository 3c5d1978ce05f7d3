"""A pytest session that tries mutants where others run their tests."""

from __future__ import annotations

import functools
import gc
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import pytest

from tests.mutation.child import limit_memory, limit_time, start
from tests.mutation.mutants import Mutant
from tests.mutation.reach import Reach, traced
from tests.mutation.transplant import Namespace, transplant

_EVERY: Final = 10
"""Seconds between two lines about the progress."""
_SURVIVES: Final = 0
_DIES: Final = 1


class Fate(StrEnum):
    """What became of a mutant; no test runs the line of one that is unreached."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    UNREACHED = "unreached"


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that ought to kill mutants, and how to get them ready.

    `load` is called once all tests are collected; it gives the namespaces that mutants may change,
    and whatever it leaves in memory need not be made again for each of them. `forget` has the next
    test do itself what an earlier one has done for it.
    """

    tests: tuple[str, ...]
    load: Callable[[], tuple[Namespace, ...]]
    forget: Callable[[], object] = lambda: None


class Trial:
    """A pytest plugin: collects tests, and then tries each mutant on those that run its line.

    A test may take `seconds` with a mutant, besides ten times what it takes without one.
    """

    def __init__(
        self,
        mutants: Sequence[Mutant],
        root: Path,
        suite: Suite,
        workers: int = 2,
        seconds: float = 5,
    ) -> None:
        self.fates: dict[Mutant, Fate] = {}
        self._mutants = mutants
        self._root = root
        self._workers = workers
        self.suite = suite
        self._seconds = seconds
        self._live: dict[str, Namespace] = {}
        self._running: dict[int, Mutant] = {}
        self._is_trying = False
        self._has_failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep in mind that a test has failed, and tell it where none should."""
        self._has_failed = self._has_failed or report.failed
        if report.failed and not self._is_trying:
            sys.stderr.write(f"{report.nodeid}\n{report.longreprtext}\n")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all mutants; True tells pytest that nothing is left to run."""
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        session.config.pluginmanager.unregister(name="terminalreporter")
        self._live = {str(each["__file__"]): each for each in self.suite.load()}
        reaches = self._reaches(session)
        tests = sorted(zip(session.items, reaches, strict=True), key=lambda one: one[1].seconds)
        self.suite.forget()
        gc.freeze()
        self._is_trying = True
        told = time.monotonic()
        for mutant in self._mutants:
            self._begin(mutant, [one for one in tests if self._meets(one[1], mutant)])
            if time.monotonic() - told > _EVERY:
                told = time.monotonic()
                self._tell()
        while self._running:
            self._finish()
        self.fates = {mutant: self.fates[mutant] for mutant in self._mutants}
        return True

    def _reaches(self, session: pytest.Session) -> list[Reach]:
        """What each test runs; in a child, so that no test leaves anything behind for a mutant."""
        files = frozenset(self._live)
        with tempfile.TemporaryFile() as answer:

            def run_all() -> int:
                reaches = []
                for test in session.items:
                    self.suite.forget()
                    reaches.append(traced(functools.partial(self._run, test), files))
                pickle.dump(reaches, answer)
                answer.flush()
                return _DIES if self._has_failed else _SURVIVES

            _, status = os.waitpid(start(run_all), 0)
            if status:
                raise session.Failed("some test fails without any mutant")
            answer.seek(0)
            reaches: list[Reach] = pickle.load(answer)  # noqa: S301 - we have just written it
            return reaches

    def _meets(self, reach: Reach, mutant: Mutant) -> bool:
        """Whether a test runs a mutant's statement; of a constant, a file that has it."""
        file = str(self._root / mutant.file)
        if not mutant.constant:
            return reach.meets(file, *mutant.lines)
        value = self._live[file][mutant.constant]
        users = [name for name, each in self._live.items() if each.get(mutant.constant) is value]
        return any(user in reach.lines for user in users)

    def _begin(self, mutant: Mutant, tests: Sequence[tuple[pytest.Item, Reach]]) -> None:
        """Start the process that tries a mutant, as soon as there is room for it."""
        if not tests:
            self.fates[mutant] = Fate.UNREACHED
            return
        if len(self._running) == self._workers:
            self._finish()
        self._running[start(lambda: self._try(mutant, tests))] = mutant

    def _try(self, mutant: Mutant, tests: Sequence[tuple[pytest.Item, Reach]]) -> int:
        file = self._root / mutant.file
        source = mutant.applied(file.read_bytes())
        everywhere = tuple(self._live.values())
        if not transplant(source, mutant.constant, self._live[str(file)], everywhere):
            raise AssertionError(f"{mutant} changes nothing")
        limit_memory()
        for test, reach in tests:
            limit_time(self._seconds + 10 * reach.seconds)
            self._run(test)
            if self._has_failed:
                return _DIES
        return _SURVIVES

    def _run(self, test: pytest.Item) -> None:
        test.config.hook.pytest_runtest_protocol(item=test, nextitem=None)

    def _finish(self) -> None:
        """Wait for the next process that ends."""
        pid, status = os.wait()
        mutant = self._running.pop(pid)
        if os.WIFSIGNALED(status):
            self.fates[mutant] = Fate.TIMED_OUT
        elif os.WEXITSTATUS(status) == _SURVIVES:
            self.fates[mutant] = Fate.SURVIVED
        elif os.WEXITSTATUS(status) == _DIES:
            self.fates[mutant] = Fate.KILLED
        else:
            raise RuntimeError(f"{mutant} could not be tried")

    def _tell(self) -> None:
        left = sum(fate in {Fate.SURVIVED, Fate.UNREACHED} for fate in self.fates.values())
        total = len(self._mutants)
        sys.stderr.write(f"{len(self.fates)} of {total} mutants tried, {left} survived\n")
