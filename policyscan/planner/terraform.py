"""Running Terraform, and saying in one line what it refused."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from policyscan.errors import PlannerError
from policyscan.planner.refusal import refusal
from policyscan.planner.request import TERRAFORM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from policyscan.planner.children import Children
    from policyscan.planner.refusal import Place

_LEAKING = ("TF_", "AWS_", "GOOGLE_", "ARM_")
_PATIENCE_SECONDS = 20.0
# No request leaves this machine: what init would download, it must name as missing at once.
_NO_NETWORK = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "",
    "GIT_ALLOW_PROTOCOL": "none",
    "TF_REGISTRY_CLIENT_TIMEOUT": "1",
    "TF_REGISTRY_DISCOVERY_RETRY": "0",
}

# Terraform runs for less than a second: collecting garbage is a third of its work here.
_NO_COLLECTION = {"GOGC": "off", "GOMEMLIMIT": "1GiB"}


def environment(scratch: Path, reattach: str) -> dict[str, str]:
    """The process environment: none of the user's Terraform or cloud settings, no network."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_LEAKING) and name.upper() not in _NO_NETWORK
    }
    settings = scratch / "terraform.rc"
    settings.touch()
    return {
        **kept,
        **_NO_NETWORK,
        **_NO_COLLECTION,
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_IN_AUTOMATION": "1",
        "TF_REATTACH_PROVIDERS": reattach,
        # One that is ended removes nothing.
        "TMPDIR": str(scratch),
    }


class AddressLog(Struct):
    """The addresses core says it begins to apply, in order; it applies one at a time."""

    _begun: queue.SimpleQueue[tuple[str, str]] = field(default_factory=queue.SimpleQueue)

    def record(self, message: Mapping[str, Any]) -> None:
        """Take note of one line of `terraform apply -json`."""
        if message.get("type") == "apply_start":
            resource = message["hook"]["resource"]
            self._begun.put((resource["resource_type"], resource["addr"]))

    def next_of(self, resource_type: str) -> str:
        """The address being applied now. Raises PlannerError: Terraform never announced it."""
        while True:
            try:
                found, address = self._begun.get(timeout=_PATIENCE_SECONDS)
            except queue.Empty:
                raise PlannerError(
                    f"{resource_type}: Terraform did not say which it applies"
                ) from None
            # Built-in types such as terraform_data are announced but never reach this provider.
            if found == resource_type:
                return address


class RefusedError(PlannerError):
    """Terraform reported errors: `diagnostics` are what it said of each."""

    def __init__(self, message: str, diagnostics: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)


class Terraform(Struct, frozen=True):
    """Commands run in one root module, all before `deadline`, a time of the monotonic clock.

    At the deadline all of the children end, not only the one at work. `command` is what is run:
    `terraform`, or what stands for it.
    """

    place: Place
    environment: Mapping[str, str]
    children: Children
    deadline: float
    command: str = TERRAFORM

    def run(self, *arguments: str, log: AddressLog | None = None) -> None:
        """Run a command that speaks JSON lines.

        Raises RefusedError: Terraform reports errors. Raises PlannerError: it fails otherwise.
        """
        problems: list[Mapping[str, Any]] = []
        with self._start(*arguments) as process:
            complaint: list[bytes] = []
            listener = threading.Thread(target=lambda: complaint.append(_stderr(process)))
            listener.start()
            for message in _messages(process):
                if log is not None:
                    log.record(message)
                if message.get("diagnostic", {}).get("severity") == "error":
                    problems.append(message["diagnostic"])
            listener.join()
        if problems:
            raise RefusedError(refusal(self.place, problems), problems)
        if process.returncode != 0:
            text = b" ".join(complaint).decode(errors="replace")
            raise PlannerError(
                f"{self.place.named}: terraform {arguments[0]} failed: {' '.join(text.split())}"
            )

    def output(self, *arguments: str) -> bytes:
        """Run a command for what it prints. Raises PlannerError: Terraform refused."""
        with self._start(*arguments) as process:
            content, complaint = process.communicate()
        if process.returncode != 0:
            text = " ".join(complaint.decode(errors="replace").split())
            raise PlannerError(f"{self.place.named}: terraform {arguments[0]} failed: {text}")
        return content

    def show(self, plan: str) -> bytes:
        """The JSON of a plan that it saved. Raises PlannerError: it shows none."""
        shown = self.output("show", "-json", plan)
        if not shown.startswith(b"{"):
            raise PlannerError(f"{self.command}: shows no plan it was to make: it is no Terraform")
        return shown

    @contextmanager
    def _start(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        self._check_time(arguments[0])
        with self.children.start(
            [executable(self.command), *arguments],
            cwd=self.place.root_module,
            env=dict(self.environment),
            stderr=subprocess.PIPE,
        ) as process:
            timer = threading.Timer(self.deadline - monotonic(), self.children.end)
            timer.start()
            try:
                yield process
            finally:
                timer.cancel()
        if process.returncode != 0:
            self._check_time(arguments[0])

    def _check_time(self, command: str) -> None:
        if monotonic() >= self.deadline:
            raise PlannerError(f"{self.place.named}: terraform {command} took too long")


class AtWork(Struct, frozen=True):
    """How Terraform is run, wherever it is: by which processes, before which time.

    `variables` stand in its environment beside those it always has.
    """

    children: Children
    deadline: float
    command: str = TERRAFORM
    variables: Mapping[str, str] = field(default_factory=dict)

    def at(self, place: Place, scratch: Path, reattach: str = "") -> Terraform:
        """Terraform at `place`, which may use the folder `scratch` and attaches to providers."""
        return Terraform(
            place=place,
            environment={**environment(scratch, reattach), **self.variables},
            children=self.children,
            deadline=self.deadline,
            command=self.command,
        )


def executable(command: str = TERRAFORM) -> str:
    """The path of Terraform. Raises PlannerError: there is no such command."""
    if (found := shutil.which(command)) is not None:
        return found
    if command != TERRAFORM:
        raise PlannerError(f"--terraform {command}: no such command, nor a file that can be run")
    raise PlannerError(
        "terraform is not on PATH: install Terraform 1.9 or later (any version manager or "
        "package will do), or hand over a plan made elsewhere with `terraform show -json`"
    )


def _messages(process: subprocess.Popen[bytes]) -> Iterator[Mapping[str, Any]]:
    for line in process.stdout or ():
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict):
            yield message


def _stderr(process: subprocess.Popen[bytes]) -> bytes:
    return process.stderr.read() if process.stderr else b""
