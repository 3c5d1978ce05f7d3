"""The processes of one run, which end with it, even where it is killed.

They are a process group of their own, so that whatever they start themselves ends with them, and a
Ctrl-C in the terminal reaches us alone. The group is led by a watcher. It waits for a pipe that
breaks when this process is no more, and ends the group then. For as long as it is not waited for,
the group's number is nobody else's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WATCH: Final = f"import os; os.read(0, 1); os.killpg(0, {signal.SIGKILL:d})"


class Child(subprocess.Popen[bytes]):
    """A process of a group, which ends with all of it when the context is left by an error.

    A signal may come at any moment: whoever leaves does not wait for it, nor for what it started.
    """

    def __init__(self, children: Children, command: Sequence[str], **options: Any) -> None:
        self._children = children
        super().__init__(command, process_group=children.group, **options)

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        if kind is not None:
            self._children.end()
        super().__exit__(kind, value, traceback)  # type: ignore[arg-type]  # as typeshed names them


class Children:
    """Starts processes in a group; `group` is its number."""

    def __init__(self, watcher: subprocess.Popen[bytes]) -> None:
        self._watcher = watcher
        self._ending = threading.Lock()
        self.group = watcher.pid

    def start(self, command: Sequence[str], **options: Any) -> Child:
        """Start a process, with options of `Popen`; it reads nothing and keeps its files private.

        Raises OSError: it cannot be started.
        """
        return Child(
            self,
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            umask=0o077,
            **options,
        )

    def end(self) -> None:
        """End them all, and whatever they started."""
        with self._ending:
            if self._watcher.returncode is None:
                # Where it was killed and nothing else runs, some systems find nobody to tell.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.group, signal.SIGKILL)
                self._watcher.wait()


@contextmanager
def children() -> Iterator[Children]:
    """Processes that end when the context is left, or this process ends in any other way."""
    with subprocess.Popen(  # noqa: S603 - our own Python
        [sys.executable, "-I", "-S", "-c", _WATCH],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    ) as watcher:
        started = Children(watcher)
        try:
            yield started
        finally:
            started.end()
