"""Replay: real Terraform plans a plan's source again, with tokens for what only apply will tell.

It is given what the plan knows (its variables, what data sources answered, the state before), so
that every expression comes out as it did, only that what was unknown can now be followed.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from policyscan.errors import PlannerError
from policyscan.plan import read_plan
from policyscan.plan.drift import drift
from policyscan.plan.replay import Replay, Run
from policyscan.plan.token import Dialect, find_tokens
from policyscan.planner.children import children
from policyscan.planner.data_sources import Known
from policyscan.planner.prior import (
    answers,
    changing,
    identity,
    region,
    replace_flags,
    state_file,
    variables_file,
)
from policyscan.planner.provider import Provider
from policyscan.planner.refusal import Place
from policyscan.planner.remote_state import answer_remote_states
from policyscan.planner.request import JUST_PLAN
from policyscan.planner.sandbox import as_written, copy_configuration
from policyscan.planner.server import serve
from policyscan.planner.terraform import AtWork, RefusedError, executable
from policyscan.planner.tokens import ReplayReader, Tokens
from policyscan.planner.vendors import vendors_of
from policyscan.planner.workspace import selected_workspace
from policyscan.scratch import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from policyscan.plan import Plan
    from policyscan.plan.token import Issue
    from policyscan.planner.change import Step
    from policyscan.planner.provider import Configuration
    from policyscan.planner.request import Request
    from policyscan.planner.sandbox import Sandbox
    from policyscan.planner.schema import Block
    from policyscan.planner.terraform import Terraform
    from policyscan.planner.vendors import Vendor

_VARIABLES = "policyscan.tfvars.json"
_TRIES = 3
_TRAVERSAL = re.compile(
    r"(?:^|\.)(?:data\.)?([a-z]\w*)\.\w[\w-]*(?:\[[^\]]*\])?\.([a-z_][\w.\[\]]*)$"
)

Attributes = frozenset[tuple[str, str]]
"""(resource type, dotted path) of some computed attributes."""


class _StuckError(PlannerError):
    """An expression cannot work with tokens; `blamed` are the attributes that stand in it."""

    def __init__(self, error: RefusedError, blamed: Attributes) -> None:
        super().__init__(str(error))
        self.blamed = blamed


def replay(
    plan: Plan,
    folder: Path,
    *,
    seconds: float,
    within: Path | None = None,
    request: Request = JUST_PLAN,
) -> Replay:
    """Plan the root module in `folder` again, as `plan` was made, in so many seconds at most.

    Of `request` counts what a plan does not tell: ephemeral variables, where modules are, schemas,
    workspace, targets, Terraform.
    Nothing outside of the folder `within` is read, where it is given.
    Raises PlannerError: Terraform is missing or refuses, time is up, or the folder is not what
    the plan was made of.
    """
    executable(request.terraform)
    deadline = monotonic() + seconds
    with private_folder() as scratch, children() as started:
        sandbox = copy_configuration(folder, scratch / "configuration", within, request=request)
        at_work = AtWork(started, deadline, request.terraform, request.environment)
        words = sandbox.mentioned_types() | {each.type for each in plan.resources}
        vendors = vendors_of(folder, words, request, at_work)
        stage = _Stage(plan, sandbox, vendors, folder, at_work, request)
        stage.prepare()
        runs = _followed(stage)
        if problem := drift(plan, runs[0].plan):
            raise PlannerError(f"{folder}: not the source of this plan: {problem}")
        return Replay(*runs, sets=stage.sets())


def _followed(
    stage: _Stage, left_unknown: Attributes = frozenset(), *, tries: int = _TRIES
) -> tuple[Run, Run]:
    """Plan, and again without tokens for the attributes that expressions cannot work with."""
    try:
        return stage.runs(left_unknown)
    except _StuckError as error:
        blamed = error.blamed
        if not blamed:
            raise
        if tries == 1 or blamed <= left_unknown:
            raise PlannerError(f"{error} (this works with real values alone)") from None
    return _followed(stage, left_unknown | blamed, tries=tries - 1)


def _blamed(diagnostics: tuple[Mapping[str, Any], ...], issued: Mapping[str, Issue]) -> Attributes:
    """What stands in the expressions that failed, by its name and by its tokens."""
    values = [
        value
        for diagnostic in diagnostics
        for value in (diagnostic.get("snippet") or {}).get("values") or ()
    ]
    named = (_TRAVERSAL.search(value.get("traversal", "")) for value in values)
    held = (token for value in values for _, token, _ in find_tokens(value.get("statement", "")))
    issues = (issued[token] for token in held if token in issued)
    return frozenset(
        {(found[1], re.sub(r"\[[^\]]*\]", "", found[2])) for found in named if found}
        | {(issue.type, issue.path) for issue in issues}
    )


class _Replayed(Provider, frozen=True):
    """A provider that plans tokens; blocks that name no region are in `home`."""

    tokens: Tokens
    home: str
    changing: Mapping[tuple[str, str], frozenset[str]]

    def configure(self, config: dict[str, Any]) -> Configuration:
        """Read a provider block."""
        return Provider.configure(self, {**config, "region": config.get("region") or self.home})

    def plan(  # noqa: PLR0913 - as core asks
        self,
        configuration: Configuration,
        resource_type: str,
        *,
        config: dict[str, Any],
        proposed: dict[str, Any],
        prior: dict[str, Any] | None,
        identifier: str = "",  # noqa: ARG002 - what is imported is in the state of the plan
    ) -> tuple[dict[str, Any], list[tuple[Step, ...]]]:
        """The planned object, with the tokens that follow from its configuration.

        What the provider of the plan was to compute anew, on an update, is a token here too.
        """
        seeded = replace(self, strategy=self.tokens.of(config))
        planned, replaced_by = Provider.plan(
            seeded, configuration, resource_type, config=config, proposed=proposed, prior=prior
        )
        names = self.changing.get(identity(resource_type, prior)) if prior else None
        if names:
            attributes = self.schema.resources[resource_type].attributes
            compute = self.tokens.begin(resource_type, config)
            for name in sorted(names & attributes.keys()):
                if config.get(name) is None:
                    planned[name] = compute(name, attributes[name].type)
        return planned, replaced_by


class _Stage(Struct, frozen=True):
    """The copy of the source a plan is replayed in."""

    plan: Plan
    sandbox: Sandbox
    vendors: tuple[Vendor, ...]
    named: Path
    at_work: AtWork
    request: Request

    def _blocks(self) -> Mapping[str, Block]:
        """Resource type -> its schema."""
        return {
            name: block for each in self.vendors for name, block in each.schema.resources.items()
        }

    def sets(self) -> Mapping[str, frozenset[str]]:
        """Resource type -> the dotted paths whose elements have no order."""
        return {name: frozenset(_sets_in(block, "")) for name, block in self._blocks().items()}

    def prepare(self) -> None:
        """Set the world the plan was made in beside the source."""
        self.sandbox.read_data_early()
        self.sandbox.hold_conditions()
        answer_remote_states(self.plan, self.sandbox)
        with self._terraform(Tokens(Dialect.FIRST, frozenset())) as terraform:
            terraform.run("init", "-input=false", "-json")
        # Only now, or init would ask whether to move the states.
        selected = selected_workspace(self.named, self.request.data_folder)
        self.sandbox.select_workspace(self.request.workspace or selected)
        _private(self.sandbox.root_module / _VARIABLES, variables_file(self.plan))
        if any(r.mode == "managed" and r.before is not None for r in self.plan.resources):
            _private(self.sandbox.state, state_file(self.plan, self._blocks()))

    def runs(self, left_unknown: Attributes) -> tuple[Run, Run]:
        """Plan in both dialects at once. Raises _StuckError: core reports errors."""
        with ThreadPoolExecutor(max_workers=1) as other:
            second = other.submit(self._run, Dialect.SECOND, left_unknown)
            try:
                return self._run(Dialect.FIRST, left_unknown), second.result()
            except SystemExit:
                # Or leaving would wait for the other one.
                self.at_work.children.end()
                raise

    def _run(self, dialect: Dialect, left_unknown: Attributes) -> Run:
        tokens = Tokens(dialect, left_unknown)
        file = f"{dialect.name.lower()}.tfplan"
        flags = ("-input=false", "-json", "-lock=false", "-refresh=false")
        targets = (f"-target={each}" for each in self.request.targets)
        # What the plan tells wins; it does not tell what is ephemeral.
        values = (*self.request.inputs.arguments(), f"-var-file={_VARIABLES}")
        given = (*values, *replace_flags(self.plan), *targets)
        with self._terraform(tokens) as terraform:
            try:
                terraform.run("plan", *flags, f"-out={file}", *given)
            except RefusedError as error:
                raise _StuckError(error, _blamed(error.diagnostics, tokens.issued)) from None
            shown = as_written(terraform.show(file))
        return Run(read_plan(shown, "the replayed plan"), tokens.issued)

    @contextmanager
    def _terraform(self, tokens: Tokens) -> Iterator[Terraform]:
        root = self.sandbox.root_module
        answered = answers(self.plan)
        home = region(self.plan) or tokens.word()
        providers = []
        for vendor in self.vendors:
            provider = vendor.provider(tokens, Known(), root)
            reader = ReplayReader(provider.reader, answered, tokens)
            providers.append(
                _Replayed(
                    schema=provider.schema,
                    hints=provider.hints,
                    strategy=tokens,
                    reader=reader,
                    settle=provider.settle,
                    tokens=tokens,
                    home=home,
                    changing=changing(self.plan),
                )
            )
        with serve(providers, self.at_work.children.group) as reattach:
            place = Place(root, self.named)
            yield self.at_work.at(place, self.sandbox.top.parent, reattach)


def _sets_in(block: Block, prefix: str) -> Iterator[str]:
    for name, attribute in block.attributes.items():
        if isinstance(attribute.type, list) and attribute.type[0] == "set":
            yield prefix + name
    for name, nested in block.block_types.items():
        if nested.nesting == "set":
            yield prefix + name
        yield from _sets_in(nested.block, f"{prefix}{name}.")


def _private(file: Path, content: bytes) -> None:
    """Write a file that may hold secrets where nobody else can read it."""
    file.touch(mode=0o600)
    file.write_bytes(content)
