"""Files of this machine, of which names say how they fail."""

from __future__ import annotations

import errno
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem

FULL = "FULL"
"""A file of this name in the folder of a run's tables: nothing more can be written."""


class FlakyStorage(LocalFileSystem):  # type: ignore[misc]
    """`fails-2.json` fails twice, `never.json` always, `slow.json` hangs, `deadly.json` kills."""

    protocol = "flaky"

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return super()._strip_protocol(str(path).removeprefix("flaky://"))

    def unstrip_protocol(self, name: str) -> str:
        """Its URL."""
        return f"flaky://{self._strip_protocol(name)}"

    def cat_file(self, path: str, *arguments: Any, **options: Any) -> Any:
        """The content, or what the name says."""
        name = Path(path).name
        if name == "slow.json":
            time.sleep(120)
        if name == "deadly.json":
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "never.json" or _still_fails(Path(self._strip_protocol(path))):
            raise OSError("the server is busy, come back later")
        return super().cat_file(path, *arguments, **options)

    def pipe_file(self, path: str, value: bytes, **_: Any) -> None:
        """Write it, unless all is full."""
        inside = Path(self._strip_protocol(path))
        if any((folder / FULL).exists() for folder in inside.parents):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.write_bytes(value)


def _still_fails(path: Path) -> bool:
    times = re.fullmatch(r"fails-(\d+)\.json", path.name)
    if times is None:
        return False
    count = path.with_suffix(".count")
    with count.open("a") as stream:
        stream.write(".")
    return len(count.read_text()) <= int(times[1])
