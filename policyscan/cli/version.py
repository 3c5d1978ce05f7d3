"""`policyscan --version`, which loads nothing that a scan is made of."""

from __future__ import annotations

from policyscan import __version__
from policyscan.bridges.home import SETUP, set_up
from policyscan.errors import CheckovError
from policyscan.shipped import pack_version


def versions() -> str:
    """A line each for policyscan, its rules, and the Checkov that runs beside them."""
    return f"policyscan {__version__}\nrules {pack_version()}\n{_checkov()}\n"


def _checkov() -> str:
    try:
        found = set_up()
    except CheckovError as problem:
        return f"Checkov cannot be used: {problem}"
    return f"Checkov {found.version}" if found else f"Checkov not set up: `{SETUP}`"
