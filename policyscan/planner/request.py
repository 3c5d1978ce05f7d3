"""What a plan is asked for, beside the configuration it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from policyscan.planner.data_sources import Answer

TERRAFORM = "terraform"
DATA_FOLDER = ".terraform"
"""Where Terraform keeps modules, seen from the root module, unless TF_DATA_DIR names another."""


class Inputs(Struct, frozen=True):
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


NO_INPUTS = Inputs()


class Request(Struct, frozen=True):
    """One plan: of what variables, after what, and what its providers may draw on.

    after: simulated applies before it, in order.
    since: a git revision of the folder, applied in simulation before all else; "" for none.
    state: a state file that was pulled from where it is kept; the plan starts from it.
    environment: TF_VAR_name -> value, which every other way to give a variable wins over.
    workspace: the workspace to plan in, "" for the one selected in the folder.
    targets, replaced: addresses, as `-target` and `-replace` take them.
    answers: what data sources find, the first that fits an answer to each (`--data`).
    schemas: files of `terraform providers schema -json`, which win over the schemas kept here.
    module_cache: a folder with modules that `terraform init` would download.
    data_folder: where Terraform keeps modules and the selected workspace, from the root module.
    terraform: the command to run.
    """

    inputs: Inputs = NO_INPUTS
    after: tuple[Inputs, ...] = ()
    since: str = ""
    state: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    workspace: str = ""
    targets: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    destroy: bool = False
    answers: tuple[Answer, ...] = ()
    schemas: tuple[Path, ...] = ()
    module_cache: Path | None = None
    data_folder: str = DATA_FOLDER
    terraform: str = TERRAFORM

    def arguments(self) -> Iterator[str]:
        """What `terraform plan` is told of it on its command line."""
        if self.destroy:
            yield "-destroy"
        for address in self.targets:
            yield f"-target={address}"
        for address in self.replaced:
            yield f"-replace={address}"
        yield from self.inputs.arguments()


JUST_PLAN = Request()
