"""Make a plan: real Terraform core over offline providers."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from policyscan.planner.applied import Applied
from policyscan.planner.data_sources import Known, simulated_resources
from policyscan.planner.plan_json import data_sources, normal_form, pin_builtin_ids
from policyscan.planner.refusal import Place
from policyscan.planner.sandbox import copy_configuration
from policyscan.planner.server import serve
from policyscan.planner.strategy import Unknown
from policyscan.planner.terraform import AddressLog, Terraform, environment, executable
from policyscan.planner.vendors import load_vendors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policyscan.planner.sandbox import Sandbox
    from policyscan.planner.strategy import Strategy

_PLAN = "policyscan.tfplan"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Values of the root module's variables.

    variables: name -> value as `-var` takes it: a raw string, or JSON for a complex type.
    variable_files: .tfvars files, in order; `variables` win over them.
    configuration: another root module, applied before the one that is planned.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    variable_files: tuple[Path, ...] = ()
    configuration: Path | None = None

    def arguments(self) -> tuple[str, ...]:
        """What Terraform is told on its command line."""
        files = (f"-var-file={path.resolve()}" for path in self.variable_files)
        return (*files, *(f"-var={name}={value}" for name, value in sorted(self.variables.items())))


@dataclass(frozen=True, slots=True)
class StandIn:
    """A data source whose answer was made up, because only the account knows it."""

    type: str
    address: str


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """What `terraform show -json` prints, in normal form, and what in it was made up."""

    plan_json: bytes
    stand_ins: tuple[StandIn, ...] = ()


def make_plan(
    directory: Path, inputs: Inputs, *, after: Sequence[Inputs] = (), destroy: bool = False
) -> PlanOutcome:
    """Plan the root module in `directory`, after simulated applies with the inputs in `after`.

    Needs no network, credentials or provider binaries, and leaves nothing behind.
    Raises PlannerError: Terraform is missing or refuses the configuration.
    """
    with _initialised(directory) as (run, scratch):
        for number, applied in enumerate(after):
            if applied.configuration is None:
                run.apply(applied)
            else:
                run.apply_of(applied.configuration, scratch / f"before-{number}", applied)
        return run.plan(inputs, destroy=destroy)


def draw_graph(directory: Path) -> str:
    """What `terraform graph` prints of a configuration: dependencies between resource blocks.

    Raises PlannerError: Terraform is missing or refuses the configuration.
    """
    with _initialised(directory) as (run, _):
        return run.graph()


@contextmanager
def _initialised(directory: Path) -> Iterator[tuple[_Run, Path]]:
    """A copy of a root module that Terraform may work in, and the private folder around it."""
    executable()
    with tempfile.TemporaryDirectory(prefix="policyscan-") as name:
        scratch = Path(name).resolve()
        run = _Run(directory, copy_configuration(directory, scratch / "configuration"))
        run.initialise()
        yield run, scratch


class _Run:
    """One configuration copy, through its simulated applies to its plan."""

    def __init__(self, directory: Path, sandbox: Sandbox) -> None:
        self._directory = directory
        self._sandbox = sandbox
        self._vendors = load_vendors(sandbox.mentioned_types())

    @contextmanager
    def _terraform(self, strategy: Strategy, known: Known) -> Iterator[Terraform]:
        sandbox = self._sandbox
        providers = [
            vendor.provider(strategy, known, sandbox.root_module) for vendor in self._vendors
        ]
        with serve(providers) as reattach:
            yield Terraform(
                place=Place(sandbox.root_module, self._directory),
                environment=environment(sandbox.top.parent, reattach),
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

    def plan(self, inputs: Inputs, *, destroy: bool) -> PlanOutcome:
        known = self._known()
        mode = ("-destroy",) if destroy else ()
        with self._terraform(Unknown(), known) as terraform:
            terraform.run(
                "plan",
                "-input=false",
                "-json",
                "-lock=false",
                f"-out={_PLAN}",
                *mode,
                *inputs.arguments(),
            )
            shown = terraform.output("show", "-json", _PLAN)
        return PlanOutcome(
            plan_json=normal_form(shown, str(self._sandbox.top)),
            stand_ins=tuple(
                StandIn(type=type_name, address=address)
                for address, type_name, values in data_sources(shown)
                if known.is_stand_in(type_name, values)
            ),
        )

    def _known(self) -> Known:
        return Known(resources=tuple(simulated_resources(self._sandbox.state)))

    def apply_of(self, directory: Path, top: Path, inputs: Inputs) -> None:
        """Apply another configuration, copied below `top`, to the same state."""
        other = _Run(directory, copy_configuration(directory, top))
        if self._sandbox.state.exists():
            shutil.copyfile(self._sandbox.state, other._sandbox.state)
        other.initialise()
        other.apply(inputs)
        shutil.copyfile(other._sandbox.state, self._sandbox.state)

    def graph(self) -> str:
        with self._terraform(Unknown(), Known()) as terraform:
            return terraform.output("graph").decode("utf-8")
