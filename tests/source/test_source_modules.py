"""Child modules are found as Terraform finds them; the ones that are not at hand are named."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policyscan.errors import SourceError
from policyscan.source import read_source

if TYPE_CHECKING:
    from tests.source.conftest import Read


def call(name: str, source: str) -> str:
    return f'module "{name}" {{\n  source = "{source}"\n}}\n'


def listed(*modules: tuple[str, str]) -> str:
    """What `terraform init` writes down: keys and folders."""
    return json.dumps(
        {"Modules": [{"Key": key, "Source": "", "Dir": place} for key, place in modules]}
    )


def test_modules_three_deep_are_read_by_the_names_of_their_calls(read: Read) -> None:
    source = read(
        {
            "infra/main.tf": "",
            "main.tf": call("b", "./one") + call("a", "./one"),
            "one/main.tf": call("x", "../shared/two"),
            "shared/two/main.tf": call("y", "./three"),
            "shared/two/three/main.tf": "locals {\n  deep = 1\n}\n",
        }
    )
    assert list(source.modules) == [
        (),
        ("a",),
        ("a", "x"),
        ("a", "x", "y"),
        ("b",),
        ("b", "x"),
        ("b", "x", "y"),
    ]
    deepest = source.modules["b", "x", "y"]
    assert deepest.path == ("b", "x", "y")
    assert deepest.locals["deep"].span.lines == ("shared/two/three/main.tf", 2, 2)
    assert source.unreadable == ()


def test_installed_modules_are_found_through_the_list_of_terraform_init(read: Read) -> None:
    source = read(
        {
            "main.tf": call("vpc", "terraform-aws-modules/vpc/aws")
            + call("no", "git::https://me:hunter2@host/x"),
            ".terraform/modules/modules.json": listed(
                ("", "."),
                ("vpc", ".terraform/modules/vpc"),
                ("vpc.inner", ".terraform/modules/vpc/modules/inner"),
                ("gone", ".terraform/modules/gone"),
            ),
            ".terraform/modules/vpc/main.tf": call("inner", "./modules/inner") + call("z", "a/b/c"),
            ".terraform/modules/vpc/modules/inner/main.tf": 'variable "v" {}',
        }
    )
    assert list(source.modules) == [(), ("vpc",), ("vpc", "inner")]
    assert source.modules["vpc", "inner"].blocks["variable.v"].span.lines == (
        ".terraform/modules/vpc/modules/inner/main.tf",
        1,
        1,
    )
    assert source.unreadable == (
        "module.no: source git::https://host/x is not at hand; run `terraform init` to fetch it",
        "module.vpc.module.z: source a/b/c is not at hand; run `terraform init` to fetch it",
    )


def test_a_link_in_a_circle_is_no_folder(tmp_path: Path, read: Read) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert read({"main.tf": call("m", "./loop")}).unreadable == (
        "module.m: source ./loop is no folder; give the whole checkout",
    )


def test_a_module_without_a_folder_or_a_constant_source_is_named(read: Read) -> None:
    source = read({"main.tf": call("a", "./gone") + call("b", "./${var.x}")})
    assert source.unreadable == (
        "module.a: source ./gone is no folder; give the whole checkout",
        "module.b: its source is computed; run `terraform init` to settle it",
    )


def test_the_source_of_a_module_is_its_own_argument(read: Read) -> None:
    source = read(
        {
            "main.tf": """module "m" {
  files = {
    source = "./nested"
  }
  /* source = "./comment" */
  data_source = "./longer"
  source      = "./m"
  note        = "source = ./note"
}
""",
            "m/main.tf": 'variable "v" {}',
        }
    )
    assert list(source.modules["m",].blocks) == ["variable.v"]
    assert source.modules[()].blocks["module.m"].attributes["source"].literal == "./m"


def test_an_override_moves_a_module_to_another_source(read: Read) -> None:
    source = read(
        {
            "main.tf": call("m", "./old"),
            "override.tf": call("m", "./m"),
            "m/main.tf": 'variable "v" {}',
        }
    )
    assert list(source.modules["m",].blocks) == ["variable.v"]


def test_a_linked_module_calls_its_neighbours_from_where_it_really_is(
    tmp_path: Path, read: Read
) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "linked").symlink_to(tmp_path / "far" / "away")
    read(
        {
            "live/main.tf": call("m", "./linked"),
            "live/x/main.tf": 'variable "near" {}',
            "far/x/main.tf": 'variable "far" {}',
            "far/away/main.tf": call("x", "../x"),
            "main.tf": "",
        }
    )
    source = read_source(tmp_path / "live")
    assert list(source.modules["m", "x"].blocks) == ["variable.far"]


def test_a_module_outside_the_folder_has_its_path_from_there(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "mod").mkdir()
    (tmp_path / "live" / "main.tf").write_text(call("m", "../mod"))
    (tmp_path / "mod" / "main.tf").write_text('variable "v" {}')
    source = read_source(tmp_path / "live")
    assert source.modules["m",].blocks["variable.v"].span.file == "../mod/main.tf"


def test_a_relative_folder_is_read_and_named_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "main.tf").write_text("oops")
    monkeypatch.chdir(tmp_path)
    for given in ("live", f".{os.sep}live", f"live{os.sep}"):
        with pytest.raises(SourceError, match=r"^live/main\.tf:1: expected a block"):
            read_source(Path(given))
