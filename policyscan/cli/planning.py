"""What the flags about planning offline come to: one request to the planner for each folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from policyscan.errors import ConfigError

if TYPE_CHECKING:
    from policyscan.engine.data_file import Given
    from policyscan.planner import Request
    from policyscan.planner.data_sources import Answer

TERRAFORM: Final = "terraform"
_ENVIRONMENT: Final = "TF_VAR_"


class Planning(Struct, frozen=True):
    """How folders are planned: the flags of `with_planning`, by their names.

    `terraform` is the command that is run wherever Terraform is, for plans of any kind.
    """

    variables: tuple[str, ...] = ()
    variable_files: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()
    since: str | None = None
    state: str | None = None
    workspace: str | None = None
    targets: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    destroy: bool = False
    answers: str | None = None
    schemas: tuple[str, ...] = ()
    module_cache: str | None = None
    terraform: str = TERRAFORM

    def check(self, names: Iterable[str]) -> None:
        """Raises ConfigError: a flag for folders is given, and what is to be read is none."""
        given = next((flag for flag, value in self._flags().items() if value), None)
        for name in names if given else ():
            if not os.path.isdir(name):  # noqa: PTH112 - never raises
                raise ConfigError(f"{given}: only folders are planned, and {name} is none")

    def _flags(self) -> Mapping[str, Any]:
        return {
            "--var": self.variables,
            "--var-file": self.variable_files,
            "--after": self.applied,
            "--since": self.since,
            "--state": self.state,
            "--workspace": self.workspace,
            "--target": self.targets,
            "--replace": self.replaced,
            "--destroy": self.destroy,
            "--data": self.answers,
            "--provider-schema": self.schemas,
            "--module-cache": self.module_cache,
        }

    def request(self) -> Request:
        """The request.

        Raises ConfigError: a variable is not written as one, a file is missing, two flags clash.
        """
        from policyscan.planner import DATA_FOLDER, Inputs, Request  # noqa: PLC0415 - needs grpc

        for flag, value in self._flags().items():
            if value == "":
                raise ConfigError(f"{flag}: is empty; give it a value, or leave it out")
        if self.state and self.since:
            raise ConfigError("--state and --since: both say what stands before; leave one out")
        return Request(
            Inputs(dict(map(_assigned, self.variables)), self._files("--var-file")),
            after=tuple(Inputs(variable_files=(each,)) for each in self._files("--after")),
            since=self.since or "",
            state=next(iter(self._files("--state")), None),
            environment={
                name: value for name, value in os.environ.items() if name.startswith(_ENVIRONMENT)
            },
            workspace=self.workspace or os.environ.get("TF_WORKSPACE", ""),
            targets=self.targets,
            replaced=self.replaced,
            destroy=self.destroy,
            answers=tuple(map(_answer, _given(self._files("--data")))),
            schemas=self._files("--provider-schema"),
            module_cache=next(iter(self._files("--module-cache")), None),
            data_folder=os.environ.get("TF_DATA_DIR") or DATA_FOLDER,
            terraform=self.terraform,
        )

    def _files(self, flag: str) -> tuple[Path, ...]:
        """The files of a flag, as paths that hold wherever Terraform runs."""
        given = self._flags()[flag] or ()
        paths = tuple(Path(each) for each in ((given,) if isinstance(given, str) else given))
        is_there = os.path.isdir if flag == "--module-cache" else os.path.exists
        for path in paths:
            if not is_there(path):
                raise ConfigError(f"{flag} {path}: no such {_what(flag)}")
        return paths


PLANNED_AS_IS: Final = Planning()


def _given(files: tuple[Path, ...]) -> Iterator[Given]:
    from policyscan.engine.data_file import read_data  # noqa: PLC0415 - few plans need one

    for file in files:
        yield from read_data(file)


def _answer(given: Given) -> Answer:
    from policyscan.planner.data_sources import Answer, read_ip_ranges  # noqa: PLC0415 - needs grpc

    ranges = read_ip_ranges(given.file, given.place) if given.file else None
    return Answer(given.type, given.match, given.values, given.place, given.places, ranges)


def _what(flag: str) -> str:
    return "folder" if flag == "--module-cache" else "file"


def _assigned(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"--var {text}: write it as NAME=VALUE")
    return name, value


def planning_flags(options: dict[str, Any]) -> Planning:
    """Take the flags of `with_planning` out of a command's options."""
    names = set(Planning.__struct_fields__) & options.keys()
    return Planning(**{name: options.pop(name) for name in names})
