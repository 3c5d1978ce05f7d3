"""Every deliberate error, with the exit code it stands for.

A message is one line for each problem: which file, where in it, what is wrong, what to do.
The command line prints it as it is, so it never carries a traceback.
"""

from __future__ import annotations

from pathlib import Path


class PolicyscanError(Exception):
    """Something policyscan refuses to go on with; the message is meant for the user."""

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class PlanError(PolicyscanError):
    """The input is not a plan that can be judged."""


class SourceError(PolicyscanError):
    """The Terraform source files cannot be read."""


class PlannerError(PolicyscanError):
    """Terraform, or the offline provider, could not make a plan."""


class ConfigError(PolicyscanError):
    """A flag, a parameter or a configuration file is wrong."""


class CheckovError(PolicyscanError):
    """Checkov cannot be set up, is not as it was set up, or did not finish."""


class RunTaskError(PolicyscanError):
    """A run task cannot be taken, its plan not be had or judged, or its result not be told."""


class FleetError(PolicyscanError):
    """Plans of a fleet cannot be listed, or what is found cannot be written."""


class PackError(PolicyscanError):
    """Rule files do not keep the contract of a rule."""


def crash_site(problem: BaseException) -> str:
    """Where a bug showed. Example: `KeyError at read.py, line 88`.

    What the exception says is left out: it may quote a value of the plan, even a secret one.
    """
    innermost = problem.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    if innermost is None:
        return type(problem).__name__
    file = Path(innermost.tb_frame.f_code.co_filename).name
    return f"{type(problem).__name__} at {file}, line {innermost.tb_lineno}"
