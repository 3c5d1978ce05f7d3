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
from policyscan.planner.imported import Importing, Imports
from policyscan.planner.plan_json import (
    data_sources,
    imported,
    normal_form,
    pin_builtin_ids,
    with_label,
)
from policyscan.planner.refusal import Place
from policyscan.planner.request import JUST_PLAN
from policyscan.planner.sandbox import copy_configuration, selected_workspace
from policyscan.planner.server import serve
from policyscan.planner.strategy import Unknown
from policyscan.planner.terraform import AddressLog, Terraform, environment, executable
from policyscan.planner.vendors import load_vendors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyscan.planner.request import Inputs, Request
    from policyscan.planner.sandbox import Sandbox
    from policyscan.planner.strategy import Strategy

_PLAN = "policyscan.tfplan"


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """What `terraform show -json` prints, in normal form, and how far it can be trusted.

    stand_ins: addresses of data sources whose answers were made up, since only the account knows.
    imported: addresses of what `import` blocks bring in, taken to be as configured.
    schema_only: the types of its resources of which no more is known than their schema.
    modules: where each module was found that Terraform would download, by its key.
    """

    plan_json: bytes
    stand_ins: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    schema_only: tuple[str, ...] = ()
    modules: Mapping[str, Path] = field(default_factory=dict)

    @property
    def labelled(self) -> bytes:
        """The plan, with what was made up named in it: for whoever judges it later."""
        made_up = {
            "stand_ins": self.stand_ins,
            "imported": self.imported,
            "schema_only": self.schema_only,
        }
        return with_label(self.plan_json, {name: told for name, told in made_up.items() if told})


def make_plan(directory: Path, request: Request = JUST_PLAN) -> PlanOutcome:
    """Plan the root module in `directory`.

    Needs no network, credentials or provider binaries, and leaves nothing behind.
    Raises PlannerError: Terraform is missing or refuses the configuration.
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

    Raises PlannerError: Terraform is missing or refuses the configuration.
    """
    with _initialised(directory, JUST_PLAN) as (run, _):
        return run.graph()


@contextmanager
def _initialised(directory: Path, request: Request) -> Iterator[tuple[_Run, Path]]:
    """A copy of a root module that Terraform may work in, and the private folder around it."""
    executable(request.terraform)
    with tempfile.TemporaryDirectory(prefix="policyscan-") as name:
        scratch = Path(name).resolve()
        run = _Run(directory, _copied(directory, scratch / "configuration", request), request)
        run.initialise()
        yield run, scratch


def _copied(directory: Path, top: Path, request: Request) -> Sandbox:
    return copy_configuration(
        directory, top, cache=request.module_cache, data_folder=request.data_folder
    )


class _Run:
    """One configuration copy, through its simulated applies to its plan."""

    def __init__(self, directory: Path, sandbox: Sandbox, request: Request) -> None:
        self._directory = directory
        self._sandbox = sandbox
        self._request = request
        self._vendors = load_vendors(sandbox.mentioned_types())
        self._imports = Imports()

    @contextmanager
    def _terraform(self, strategy: Strategy, known: Known) -> Iterator[Terraform]:
        sandbox = self._sandbox
        providers = [
            Importing.of(vendor.provider(strategy, known, sandbox.root_module), self._imports)
            for vendor in self._vendors
        ]
        with serve(providers) as reattach:
            yield Terraform(
                place=Place(sandbox.root_module, self._directory),
                environment={
                    **environment(sandbox.top.parent, reattach),
                    **self._request.environment,
                },
                command=self._request.terraform,
            )

    def initialise(self) -> None:
        with self._terraform(Unknown(), Known()) as terraform:
            terraform.run("init", "-input=false", "-json")
        selected = selected_workspace(self._directory, self._request.data_folder)
        self._sandbox.select_workspace(self._request.workspace or selected)

    def _learn_imports(self, *arguments: str) -> None:
        """Plan once for what is configured where the configuration imports."""
        if self._sandbox.holds_imports():
            with self._terraform(Unknown(), self._known()) as terraform:
                terraform.run("plan", "-input=false", "-json", "-lock=false", *arguments)

    def apply(self, inputs: Inputs) -> None:
        self._learn_imports(*inputs.arguments())
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
        self._learn_imports(*self._request.arguments())
        known = self._known()
        with self._terraform(Unknown(), known) as terraform:
            terraform.run(
                "plan",
                "-input=false",
                "-json",
                "-lock=false",
                f"-out={_PLAN}",
                *self._request.arguments(),
            )
            shown = terraform.output("show", "-json", _PLAN)
        return PlanOutcome(
            plan_json=normal_form(shown, str(self._sandbox.top)),
            stand_ins=tuple(
                address
                for address, type_name, values in data_sources(shown)
                if known.is_stand_in(type_name, values)
            ),
            imported=tuple(imported(shown)),
            modules=self._sandbox.modules,
        )

    def _known(self) -> Known:
        learned = ((name, each) for (name, _), each in self._imports.learned.items())
        return Known(resources=(*simulated_resources(self._sandbox.state), *learned))

    def apply_of(self, directory: Path, top: Path, inputs: Inputs) -> None:
        """Apply another configuration, copied below `top`, to the same state."""
        other = _Run(directory, _copied(directory, top, self._request), self._request)
        other.initialise()
        if self._sandbox.state.exists():
            shutil.copyfile(self._sandbox.state, other._sandbox.state)
        other.apply(inputs)
        shutil.copyfile(other._sandbox.state, self._sandbox.state)

    def graph(self) -> str:
        with self._terraform(Unknown(), Known()) as terraform:
            return terraform.output("graph").decode("utf-8")
