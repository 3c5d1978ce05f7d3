"""What a scan tells while one waits for it."""

from __future__ import annotations

import io
import time

from policyscan.cli.progress import Progress


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self) -> bool:
        """It is watched."""
        return True


def test_what_takes_longer_than_a_second_is_told_and_wiped_away() -> None:
    screen = Terminal()
    with Progress(screen) as progress:
        progress.say("judging \x1b]0;a")
        while "judging" not in screen.getvalue():
            time.sleep(0.05)
        progress.say("judging b")
        while "judging b (" not in screen.getvalue():
            time.sleep(0.05)
    told = screen.getvalue()
    assert told.startswith("\r\x1b[Kjudging \\u001b]0;a (")
    assert told.endswith("\r\x1b[K")
    assert "\n" not in told


def test_what_is_quick_is_not_told() -> None:
    screen = Terminal()
    with Progress(screen) as progress:
        progress.say("judging a")
    assert screen.getvalue() == ""


def test_nothing_is_told_where_nobody_watches() -> None:
    log = io.StringIO()
    with Progress(log) as progress:
        progress.say("judging a")
        time.sleep(1.5)
    assert log.getvalue() == ""
