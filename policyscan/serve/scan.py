"""A scan in a process of its own: what becomes of it harms no other."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any, Final

from policyscan.errors import RunTaskError
from policyscan.serve.options import MIB, ServeOptions

KEY_VARIABLE: Final = "POLICYSCAN_RUN_TASK_HMAC_KEY"
_NOT_FOR_SCANS: Final = (
    KEY_VARIABLE,
    "POLICYSCAN_GRAPH",
    "POLICYSCAN_BASELINE",
    "POLICYSCAN_WRITE_BASELINE",
)
"""Variables that a scan is not to see: what is secret, and what is meant for one plan."""
_LARGEST_REPORT: Final = 256 * MIB
_CHUNK: Final = 2**16
_NAMES: Final = ("policyscan: ", "standard input: ")


async def scanned(plan: bytes, options: ServeOptions) -> dict[str, Any]:
    """The JSON report of a plan. Raises RunTaskError: there is none, and why."""
    # Checkov reads the plan from a file; whatever becomes of the scan, that does not stay.
    with TemporaryDirectory(prefix="policyscan-serve-") as folder:
        return await _scanned(plan, options, folder)


async def _scanned(plan: bytes, options: ServeOptions, folder: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *options.scan,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**_environment(), "TMPDIR": folder},
        # A signal to the service is not one to its scans, and one to a scan is one to its helpers.
        start_new_session=True,
    )
    try:
        _bound(process.pid, options.memory)
        async with asyncio.timeout(options.scan_seconds):
            report, said = await _conversation(process, plan)
            code = await process.wait()
    except TimeoutError:
        raise RunTaskError(f"it took longer than {options.scan_seconds:g} s") from None
    finally:
        # Its helpers too, should it have left any behind.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return _read(report, said, code)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _NOT_FOR_SCANS}


def _bound(pid: int, memory: int) -> None:
    """Bound the memory of a process that still waits for its plan."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - not on every platform

    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_AS, (memory, memory))


async def _conversation(process: asyncio.subprocess.Process, plan: bytes) -> tuple[bytes, bytes]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RunTaskError("it cannot be started")
    _, report, said = await asyncio.gather(
        _give(process.stdin, plan), _take(process.stdout), _take(process.stderr)
    )
    return report, said


async def _give(stream: asyncio.StreamWriter, plan: bytes) -> None:
    # A scan that has seen enough stops reading.
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(plan)
        await stream.drain()
        stream.close()
        await stream.wait_closed()


async def _take(stream: asyncio.StreamReader) -> bytes:
    content = bytearray()
    while chunk := await stream.read(_CHUNK):
        content += chunk
        if len(content) > _LARGEST_REPORT:
            raise RunTaskError(f"its report is larger than {_LARGEST_REPORT // MIB} MiB")
    return bytes(content)


def _read(report: bytes, said: bytes, code: int) -> dict[str, Any]:
    try:
        document = json.loads(report)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    lines = said.decode(errors="replace").strip().splitlines()
    if "MemoryError" in "".join(lines):
        raise RunTaskError("it needs more memory than a scan may have; see --memory")
    if code < 0 or not lines:
        raise RunTaskError(f"the scan was ended by signal {-code}" if code < 0 else f"exit {code}")
    line = lines[-1]
    for name in _NAMES:
        line = line.removeprefix(name)
    raise RunTaskError(line)
