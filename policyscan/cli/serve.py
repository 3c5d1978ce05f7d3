"""`policyscan serve`: a run task service of HCP Terraform."""

from __future__ import annotations

import gc
import ipaddress
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policyscan.cli.judging import judging
from policyscan.cli.output import say
from policyscan.cli.settings import SettingFlags
from policyscan.cli.waivers import waiver_terms
from policyscan.errors import ConfigError

if TYPE_CHECKING:
    from policyscan.serve.options import ServeOptions

_KEY_VARIABLE: Final = "POLICYSCAN_RUN_TASK_HMAC_KEY"
_CHECKOV: Final = "checkov"
"""What the flags of Checkov start with."""
_NO_SOURCE: Final[Mapping[str, Any]] = {
    "source_dir": None,
    "planfile": None,
    "no_source": True,
    "graph": None,
    "replay": "never",
}
"""HCP Terraform hands out a plan alone."""
_FLAGS: Final = {"packs": "--pack", "assignments": "--set"}
"""Of settings that are not called as their flags are."""


def run_serve(
    *,
    run_task: bool,
    host: str,
    port: int,
    hmac_key_file: str | None,
    **flags: Any,
) -> int:
    """Serve until a signal says to stop.

    `flags` are those of `judging`, without a source, and of `with_serving`.
    Raises PolicyscanError: a flag is wrong, what a scan is set to, or there is no key.
    """
    if not run_task:
        raise ConfigError("serve: say what to serve; there is --run-task, for HCP Terraform")
    if sys.platform == "win32":
        raise ConfigError("serve: runs on Linux and macOS, in a container for instance")
    for_scans = {name: flags.pop(name) for name in list(flags) if _is_for_scans(name)}
    # Whatever is wrong with them is better told now than of each plan.
    how = judging(("-",), **_NO_SOURCE, **for_scans)
    waiver_terms(how.chosen)
    key = _key(hmac_key_file)
    try:
        from policyscan.serve.server import serve  # noqa: PLC0415 - an extra of few
    except ModuleNotFoundError as problem:
        package = (problem.name or "").partition(".")[0]
        if package == "policyscan":
            raise
        raise ConfigError(
            f"serve: the package {package} is not installed: pip install 'policyscan[serve]'"
        ) from None
    # A scan is over before there is garbage; this is not.
    gc.enable()
    if not _is_loopback(host):
        say(f"--host {host}: others can reach this; let something that ends TLS stand before it")
    serve(_options(tuple(_scan(for_scans)), key, flags), host, port)
    return 0


def _options(scan: tuple[str, ...], key: bytes, flags: Mapping[str, Any]) -> ServeOptions:
    from policyscan.serve.hosts import HCP_TERRAFORM, Hosts  # noqa: PLC0415 - an extra of few
    from policyscan.serve.options import MIB, ServeOptions  # noqa: PLC0415 - likewise

    return ServeOptions(
        scan=scan,
        key=key,
        hosts=Hosts(
            flags["allow_callback_host"] or HCP_TERRAFORM,
            plain_loopback=flags["allow_http_loopback"],
        ),
        workers=flags["workers"] or os.cpu_count() or 1,
        queue=flags["queue"],
        largest_body=flags["max_body"] * MIB,
        largest_plan=flags["max_plan"] * MIB,
        memory=flags["memory"] * MIB,
        request_seconds=flags["request_timeout"],
        fetch_seconds=flags["fetch_timeout"],
        scan_seconds=flags["scan_timeout"],
        callback_seconds=flags["callback_timeout"],
        progress=flags["progress"],
        grace=flags["grace"],
    )


def _key(file: str | None) -> bytes:
    """The key, without the line break behind it. Raises ConfigError: there is none."""
    if file is None:
        key, place = os.environ.get(_KEY_VARIABLE, "").encode(), _KEY_VARIABLE
    else:
        place = f"--hmac-key-file {file}"
        try:
            key = Path(file).read_bytes()
        except (OSError, ValueError) as problem:
            why = getattr(problem, "strerror", None) or "no such file"
            raise ConfigError(f"{place}: cannot be read: {why}") from None
    key = key.strip()
    if not key:
        raise ConfigError(
            f"{place}: no key in it; give the HMAC key of the run task by --hmac-key-file or "
            f"{_KEY_VARIABLE}, so that only HCP Terraform is answered"
        )
    return key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_for_scans(name: str) -> bool:
    return name in SettingFlags.__struct_fields__ or name.startswith(_CHECKOV)


def _scan(flags: Mapping[str, Any]) -> Iterator[str]:
    """The command that judges one plan as `scan` with the same flags does.

    The folder it runs in is searched for a configuration file, never for modules.
    """
    yield from (sys.executable, "-P", "-m", "policyscan", "scan", "-")
    yield from ("--format", "json", "--output", "-", "--no-source")
    for name, value in flags.items():
        flag = _FLAGS.get(name) or f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            yield flag if value else flag.replace("--", "--no-", 1)
            continue
        for each in value if isinstance(value, tuple) else (value,):
            if each is not None:
                yield from (flag, str(each))
