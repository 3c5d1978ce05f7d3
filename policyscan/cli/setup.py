"""`policyscan setup`: Checkov in an environment of its own."""

from __future__ import annotations

import sys

from policyscan.bridges.home import home
from policyscan.bridges.setup import adopt, install
from policyscan.bridges.setup import check as checked
from policyscan.bridges.setup import remove as removed
from policyscan.cli.output import say
from policyscan.errors import ConfigError


def run_setup(*, check: bool, remove: bool, checkov_python: str | None) -> int:
    """Set Checkov up, or look, or take it away. Raises CheckovError: that cannot be done."""
    if check and remove:
        raise ConfigError("--check and --remove: leave one out")
    if remove:
        sys.stdout.write(f"removed {home()}\n" if removed() else "nothing was set up\n")
        return 0
    if check:
        found = checked()
    elif checkov_python is not None:
        found = adopt(checkov_python, say)
    else:
        found = install(say)
    way = "" if found.quick else ", by its own command line"
    sys.stdout.write(f"Checkov {found.version}{way}, in {home()}\n")
    return 0
