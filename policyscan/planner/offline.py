"""Make a plan: real Terraform core over offline providers."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from policyscan.planner.applied import Applied
from policyscan.planner.children import children
from policyscan.planner.commands import check_commands, without_commands
from policyscan.planner.data_sources import Known, simulated_resources, with_answers
from policyscan.planner.data_sources.answers import refuse_flaws
from policyscan.planner.imported import Importing, Imports
from policyscan.planner.labels import blamed, labels
from policyscan.planner.mentions import mentions
from policyscan.planner.other_states import OtherStates, as_core_says, take_over_states
from policyscan.planner.outcome import PlanOutcome
from policyscan.planner.plan_json import (
    imported,
    normal_form,
    pin_builtin_ids,
    planned_types,
)
from policyscan.planner.refusal import Place, is_condition
from policyscan.planner.request import JUST_PLAN
from policyscan.planner.revision import find_revision, undeclared, without
from policyscan.planner.sandbox import copy_configuration
from policyscan.planner.server import serve
from policyscan.planner.staged import in_stages
from policyscan.planner.state import fitting, not_served, read_state, told, write_private
from policyscan.planner.strategy import Unknown
from policyscan.planner.terraform import AddressLog, AtWork, RefusedError, executable
from policyscan.planner.vendors import schema_only, vendors_of
from policyscan.planner.workspace import selected_workspace
from policyscan.scratch import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from policyscan.planner.data_sources import Answer
    from policyscan.planner.data_sources.known import Resource
    from policyscan.planner.request import Inputs, Request
    from policyscan.planner.revision import Revision
    from policyscan.planner.sandbox import Sandbox
    from policyscan.planner.schema import Block
    from policyscan.planner.strategy import Strategy
    from policyscan.planner.terraform import Terraform
    from policyscan.planner.vendors import Vendor

PATIENCE_SECONDS: Final = 300.0
"""For everything together; a plan of a thousand resources takes a twentieth of it."""

_PLAN = "policyscan.tfplan"


def make_plan(directory: Path, request: Request = JUST_PLAN) -> PlanOutcome:
    """Plan the root module in `directory`.

    Needs no network, credentials or provider binaries, and leaves nothing behind.
    Raises PlannerError: Terraform is missing, refuses the configuration or takes too long.
    """
    with _initialised(directory, request) as (run, scratch):
        if request.state is not None:
            run.start_from(read_state(request.state))
        if request.since:
            run.apply_revision(find_revision(directory, request.since), scratch)
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
        deadline = monotonic() + PATIENCE_SECONDS
        at_work = AtWork(started, deadline, request.terraform, request.environment)
        sandbox = copy_configuration(directory, scratch / "configuration", request=request)
        # Whatever is applied before the plan is applied in its workspace.
        workspace = request.workspace or selected_workspace(directory, request.data_folder)
        run = _Run(directory, sandbox, replace(request, workspace=workspace), at_work)
        run.initialise()
        yield run, scratch


class _Run:
    """One configuration copy, through its simulated applies to its plan."""

    def __init__(
        self, directory: Path, sandbox: Sandbox, request: Request, at_work: AtWork
    ) -> None:
        self._directory = directory
        self._sandbox = sandbox
        self._request = request
        self._at_work = at_work
        self._vendors = self._loaded()
        self._imports = Imports()
        self._used: list[Answer] = []
        self._notes: list[str] = []
        self._is_simulated = False
        self._told: tuple[Resource, ...] = ()
        self._refuse_flaws(request.answers)
        take_over_states(sandbox)

    def _loaded(self, types: frozenset[str] = frozenset()) -> tuple[Vendor | OtherStates, ...]:
        """The providers of the configuration, its state and its answers, and of more types."""
        asked = frozenset(each.type for each in self._request.answers)
        words = self._sandbox.mentioned_types() | asked | types
        vendors = vendors_of(self._directory, words, self._request, self._at_work)
        return (*vendors, OtherStates(self._directory))

    def _refuse_flaws(self, answers: tuple[Answer, ...]) -> None:
        if not answers:
            return
        types: dict[str, Block] = {}
        for vendor in self._vendors:
            types.update(vendor.schema.data_sources)
        refuse_flaws(answers, types, {name for name, _ in mentions(self._sandbox.texts())})

    @contextmanager
    def _terraform(self, strategy: Strategy, known: Known) -> Iterator[Terraform]:
        sandbox = self._sandbox
        providers = [
            Importing.of(with_answers(provider, known), self._imports)
            for provider in (
                each.provider(strategy, known, sandbox.root_module) for each in self._vendors
            )
        ]
        place = Place(sandbox.root_module, self._directory)
        with serve(providers, self._at_work.children.group) as reattach:
            try:
                yield self._at_work.at(place, sandbox.top.parent, reattach)
            except RefusedError as error:
                if not (guilty := blamed(error.diagnostics, known)):
                    raise
                mend = f"{', '.join(guilty)} is made up offline: give it with --data"
                told = f"{str(error).rstrip('.')}; {mend}"
                raise RefusedError(told, error.diagnostics) from None

    def initialise(self) -> None:
        with self._terraform(Unknown(), Known()) as terraform:
            terraform.run("init", "-input=false", "-json")
        self._sandbox.select_workspace(self._request.workspace)

    def _learn_imports(self, *arguments: str) -> None:
        """Plan once for what is configured where the configuration imports."""
        if self._sandbox.holds_imports():
            with self._terraform(Unknown(), self._known()) as terraform:
                terraform.run("plan", "-input=false", "-json", "-lock=false", *arguments)

    def start_from(self, state: Mapping[str, Any]) -> None:
        """Have a state of the real provider stand before all else."""
        if not state["resources"]:
            self._notes.append("the state given holds no resources: the plan creates all")
        self._told = told(state)
        types = frozenset(each["type"] for each in state["resources"])
        self._vendors = self._loaded(types)
        schemas = [each.schema for each in self._vendors]
        resources = {name: block for each in schemas for name, block in each.resources.items()}
        data = {name: block for each in schemas for name, block in each.data_sources.items()}
        if strangers := not_served(state, resources):
            self._notes.append(
                f"of the state, {', '.join(strangers)} is left out, as no schema of it is known "
                "offline: what becomes of it is not in the plan"
            )
        write_private(self._sandbox.state, fitting(state, resources, data))

    def apply(self, inputs: Inputs) -> None:
        self._is_simulated = True
        self._learn_imports(*inputs.arguments())
        known = self._known()
        self._apply(inputs, known)
        if known.is_outdated_by(simulated_resources(self._sandbox.state)):
            # Whatever stands for a while has seen what it made itself.
            self._apply(inputs, self._known())

    def _apply(self, inputs: Inputs, known: Known) -> None:
        log = AddressLog()
        options = ("-input=false", "-json", *inputs.arguments())
        with (
            without_commands(self._sandbox) as may_run_commands,
            self._terraform(Applied(log.next_of), known) as terraform,
        ):

            def apply(*targets: str) -> None:
                only = tuple(f"-target={each}" for each in targets)
                if may_run_commands:
                    terraform.run("plan", "-lock=false", f"-out={_PLAN}", *options, *only)
                    check_commands(self._directory, terraform.show(_PLAN))
                once = ("-auto-approve", "-parallelism=1")
                terraform.run("apply", *once, *options, *only, log=log)

            in_stages(apply, lambda: terraform.output("graph").decode())
        pin_builtin_ids(self._sandbox.state)

    def plan(self) -> PlanOutcome:
        try:
            return self._plan()
        except RefusedError as error:
            if not (self._is_simulated and is_condition(error.diagnostics)):
                raise
            self._notes.append(f"passed over, as it judges what a simulated apply made up: {error}")
            self._sandbox.hold_conditions()
            return self._plan()

    def _plan(self) -> PlanOutcome:
        self._learn_imports(*self._request.arguments())
        known = self._known()
        with self._terraform(Unknown(), known) as terraform:
            options = ("-input=false", "-json", "-lock=false", *self._request.arguments())
            terraform.run("plan", f"-out={_PLAN}", *options)
            shown = terraform.show(_PLAN)
        shown = as_core_says(shown)
        plan = json.loads(shown)
        found = labels(plan, known, self._sandbox.texts())
        return PlanOutcome(
            plan_json=normal_form(shown, str(self._sandbox.top)),
            stand_ins=found.stand_ins,
            imported=tuple(imported(plan)),
            modules=self._sandbox.modules,
            schema_only=schema_only(self._vendors, planned_types(plan)),
            notes=(*self._notes, *found.notes),
            is_simulated=self._is_simulated,
        )

    def _known(self) -> Known:
        learned = ((name, each) for (name, _), each in self._imports.learned.items())
        return Known(
            resources=(*simulated_resources(self._sandbox.state), *learned),
            told=self._told,
            answers=self._request.answers,
            used=self._used,
        )

    def apply_of(self, directory: Path, top: Path, inputs: Inputs) -> None:
        """Apply another configuration, copied below `top`, to the same state."""
        sandbox = copy_configuration(directory, top, request=self._request)
        self._apply_in(self._other(directory, sandbox), inputs)

    def _other(self, directory: Path, sandbox: Sandbox) -> _Run:
        return _Run(directory, sandbox, self._request, self._at_work)

    def apply_revision(self, revision: Revision, scratch: Path) -> None:
        """Apply the same folder as it was at a git revision, checked out below `scratch`."""
        files = scratch / "revision"
        folder = revision.check_out(files)
        if folder is None:
            self._notes.append(
                f"{self._directory} held no configuration at {revision.name}: the plan creates all"
            )
            return
        with revision.blamed():
            sandbox = copy_configuration(
                folder, scratch / "before", request=self._request, home=self._directory
            )
            sandbox.hold_conditions()
            other = self._other(self._directory, sandbox)
            inputs = revision.inputs(files, self._request.inputs)
            try:
                self._apply_in(other, inputs)
            except RefusedError as error:
                if not (new := undeclared(error.diagnostics)):
                    raise
                self._apply_in(other, without(new, inputs))

    def _apply_in(self, other: _Run, inputs: Inputs) -> None:
        other.initialise()
        if self._sandbox.state.exists():
            shutil.copyfile(self._sandbox.state, other._sandbox.state)
        other.apply(inputs)
        self._used += other._used
        shutil.copyfile(other._sandbox.state, self._sandbox.state)
        self._vendors = self._loaded()
        self._is_simulated = True

    def graph(self) -> str:
        with self._terraform(Unknown(), Known()) as terraform:
            return terraform.output("graph").decode("utf-8")
