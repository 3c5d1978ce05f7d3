"""Make a plan: real Terraform core over offline providers."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

from policyscan.planner.applied import Applied
from policyscan.planner.children import children
from policyscan.planner.data_sources import Known, simulated_resources
from policyscan.planner.plan_json import (
    data_sources,
    normal_form,
    pin_builtin_ids,
    planned_types,
    with_label,
)
from policyscan.planner.refusal import Place
from policyscan.planner.request import JUST_PLAN
from policyscan.planner.sandbox import copy_configuration
from policyscan.planner.server import serve
from policyscan.planner.strategy import Unknown
from policyscan.planner.terraform import AddressLog, Terraform, environment, executable
from policyscan.planner.vendors import load_vendors, schema_only
from policyscan.scratch import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from policyscan.planner.children import Children
    from policyscan.planner.request import Inputs, Request
    from policyscan.planner.sandbox import Sandbox
    from policyscan.planner.strategy import Strategy

PATIENCE_SECONDS: Final = 300.0
"""For everything together; a plan of a thousand resources takes a twentieth of it."""

_PLAN = "policyscan.tfplan"


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """What `terraform show -json` prints, in normal form, and how far it can be trusted.

    stand_ins: addresses of data sources whose answers were made up, since only the account knows.
    schema_only: the types of its resources of which no more is known than their schema.
    """

    plan_json: bytes
    stand_ins: tuple[str, ...] = ()
    schema_only: tuple[str, ...] = ()

    @property
    def labelled(self) -> bytes:
        """The plan, with what was made up named in it: for whoever judges it later."""
        made_up = {"stand_ins": self.stand_ins, "schema_only": self.schema_only}
        return with_label(self.plan_json, {name: told for name, told in made_up.items() if told})


def make_plan(directory: Path, request: Request = JUST_PLAN) -> PlanOutcome:
    """Plan the root module in `directory`.

    Needs no network, credentials or provider binaries, and leaves nothing behind.
    Raises PlannerError: Terraform is missing, refuses the configuration or takes too long.
    """
    with _initialised(directory, request) as (run, scratch):
        for number, applied in enumerate(request.after):
            if applied.configuration is None:
                run.apply(applied)
            else:
                run.apply_of(applied.configuration, scratch / f"before-{number}", applied)
        return run.plan()


def draw_graph(directory: Path) -> str:
    """What `terraform graph` prints of a configuration: dependencies between resource blocks.

    Raises PlannerError: Terraform is missing, refuses the configuration or takes too long.
    """
    with _initialised(directory, JUST_PLAN) as (run, _):
        return run.graph()


@contextmanager
def _initialised(directory: Path, request: Request) -> Iterator[tuple[_Run, Path]]:
    """A copy of a root module that Terraform may work in, and the private folder around it."""
    executable(request.terraform)
    with private_folder() as scratch, children() as started:
        at_work = _AtWork(request, started, monotonic() + PATIENCE_SECONDS)
        run = _Run(directory, copy_configuration(directory, scratch / "configuration"), at_work)
        run.initialise()
        yield run, scratch


@dataclass(frozen=True, slots=True)
class _AtWork:
    """What is asked for, and the processes that do it, before a time of the monotonic clock."""

    request: Request
    children: Children
    deadline: float


class _Run:
    """One configuration copy, through its simulated applies to its plan."""

    def __init__(self, directory: Path, sandbox: Sandbox, at_work: _AtWork) -> None:
        self._directory = directory
        self._sandbox = sandbox
        self._at_work = at_work
        self._vendors = load_vendors(sandbox.mentioned_types())

    @contextmanager
    def _terraform(self, strategy: Strategy, known: Known) -> Iterator[Terraform]:
        sandbox = self._sandbox
        providers = [
            vendor.provider(strategy, known, sandbox.root_module) for vendor in self._vendors
        ]
        at_work = self._at_work
        with serve(providers, at_work.children.group) as reattach:
            yield Terraform(
                place=Place(sandbox.root_module, self._directory),
                environment={
                    **environment(sandbox.top.parent, reattach),
                    **at_work.request.environment,
                },
                children=at_work.children,
                deadline=at_work.deadline,
                command=at_work.request.terraform,
            )

    def initialise(self) -> None:
        with self._terraform(Unknown(), Known()) as terraform:
            terraform.run("init", "-input=false", "-json")

    def apply(self, inputs: Inputs) -> None:
        log = AddressLog()
        with (
            self._sandbox.without_commands(),
            self._terraform(Applied(log.next_of), self._known()) as terraform,
        ):
            terraform.run(
                "apply",
                "-auto-approve",
                "-input=false",
                "-json",
                "-parallelism=1",
                *inputs.arguments(),
                log=log,
            )
        pin_builtin_ids(self._sandbox.state)

    def plan(self) -> PlanOutcome:
        known = self._known()
        with self._terraform(Unknown(), known) as terraform:
            terraform.run(
                "plan",
                "-input=false",
                "-json",
                "-lock=false",
                f"-out={_PLAN}",
                *self._at_work.request.arguments(),
            )
            shown = terraform.output("show", "-json", _PLAN)
        return PlanOutcome(
            plan_json=normal_form(shown, str(self._sandbox.top)),
            stand_ins=tuple(
                address
                for address, type_name, values in data_sources(shown)
                if known.is_stand_in(type_name, values)
            ),
            schema_only=schema_only(self._vendors, planned_types(shown)),
        )

    def _known(self) -> Known:
        return Known(resources=tuple(simulated_resources(self._sandbox.state)))

    def apply_of(self, directory: Path, top: Path, inputs: Inputs) -> None:
        """Apply another configuration, copied below `top`, to the same state."""
        other = _Run(directory, copy_configuration(directory, top), self._at_work)
        if self._sandbox.state.exists():
            shutil.copyfile(self._sandbox.state, other._sandbox.state)
        other.initialise()
        other.apply(inputs)
        shutil.copyfile(other._sandbox.state, self._sandbox.state)

    def graph(self) -> str:
        with self._terraform(Unknown(), Known()) as terraform:
            return terraform.output("graph").decode("utf-8")
