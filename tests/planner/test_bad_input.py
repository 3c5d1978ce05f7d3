"""What is wrong with a configuration is told as Terraform tells it, with the user's file and line.

Each message is whole: one line, in which no private folder shows.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policyscan.errors import PlannerError
from policyscan.planner import Inputs, Request, make_plan
from policyscan.planner.sandbox import copy_configuration
from policyscan.planner.terraform import executable

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("terraform")

QUEUE = 'resource "aws_sqs_queue" "a" { name = "a" }\n'
NEEDS = 'terraform {\n  required_version = ">= 99"\n}\n'
UNSUPPORTED = (
    "does not support Terraform version {version}. To proceed, either choose another supported "
    "Terraform version or update this version constraint. Version constraints are normally set for "
    "good reason, so updating the constraint may lead to other errors or unexpected behavior."
)

CASES: dict[str, tuple[dict[str, str], str]] = {
    "an expression that is none": (
        {"main.tf": '\nresource "aws_sqs_queue" "a" {\n  name = \n}\n'},
        (
            "main.tf:3: Invalid expression: Expected the start of an expression, but found an "
            "invalid expression token."
        ),
    ),
    "a block that does not end": (
        {"main.tf": QUEUE + 'resource "aws_sqs_queue" "b" {\n'},
        (
            "main.tf:2: Unclosed configuration block: There is no closing brace for this block "
            "before the end of the file. This may be caused by incorrect brace nesting "
            "elsewhere in this file."
        ),
    ),
    "JSON that is none": (
        {"main.tf.json": '{"resource": {\n'},
        (
            "main.tf.json:1: Root value must be object: The root value in a JSON-based "
            "configuration must be either a JSON object or a JSON array of objects."
        ),
    ),
    "a variable that is not set": (
        {"main.tf": QUEUE, "variables.tf": '\nvariable "zone" {}\n'},
        "variables.tf:2: variable zone not set; pass --var zone=VALUE, or --var-file FILE",
    ),
    "a resource type nobody knows": (
        {"main.tf": '\nresource "aws_nonesuch" "a" {}\n'},
        (
            "main.tf:2: Invalid resource type: The provider hashicorp/aws does not support "
            'resource type "aws_nonesuch".'
        ),
    ),
    "a data source nobody knows": (
        {"main.tf": 'data "aws_nonesuch" "a" {}\n'},
        (
            "main.tf:1: Invalid data source: The provider hashicorp/aws does not support data "
            'source "aws_nonesuch".'
        ),
    ),
    "an argument nobody knows, in a module": (
        {
            "main.tf": 'module "inner" { source = "./inner" }\n',
            "inner/main.tf": 'resource "aws_sqs_queue" "a" {\n  nonesuch = 1\n}\n',
        },
        'inner/main.tf:2: Unsupported argument: An argument named "nonesuch" is not expected here.',
    ),
    "a block nobody knows": (
        {"main.tf": 'resource "aws_sqs_queue" "a" {\n  nonesuch {}\n}\n'},
        'main.tf:2: Unsupported block type: Blocks of type "nonesuch" are not expected here.',
    ),
    "an argument that is missing": (
        {"main.tf": '\nresource "aws_vpc_peering_connection" "a" {}\n'},
        (
            'main.tf:2: Missing required argument: The argument "peer_vpc_id" is required, but no '
            "definition was found."
        ),
    ),
    "a cycle": (
        {
            "main.tf": QUEUE.replace('"a" {', '"c" {').replace('"a"', "aws_sqs_queue.b.arn")
            + QUEUE.replace('"a" {', '"b" {').replace('"a"', "aws_sqs_queue.c.arn")
        },
        "main.tf:2: Cycle: aws_sqs_queue.b, aws_sqs_queue.c",
    ),
    "a resource that refers to itself": (
        {"main.tf": 'resource "aws_sqs_queue" "a" {\n  name = aws_sqs_queue.a.arn\n}\n'},
        (
            "main.tf:2: Self-referential block: Configuration for aws_sqs_queue.a may not "
            "refer to itself."
        ),
    ),
    "a default of another type": (
        {"main.tf": 'variable "size" {\n  type    = number\n  default = "x"\n}\n'},
        (
            "main.tf:3: Invalid default value for variable: This default value is not "
            "compatible with the variable's type constraint: a number is required."
        ),
    ),
    "a value of another type in a file": (
        {"main.tf": 'variable "size" { type = number }\n', "terraform.tfvars": '\nsize = "x"\n'},
        (
            "terraform.tfvars:2: Invalid value for input variable: The given value is not "
            "suitable for var.size declared at main.tf:1,1-16: a number is required."
        ),
    ),
    "an attribute of another type": (
        {"main.tf": 'resource "aws_sqs_queue" "a" {\n  delay_seconds = "soon"\n}\n'},
        (
            "main.tf:2: Incorrect attribute value type: Inappropriate value for attribute "
            '"delay_seconds": a number is required.'
        ),
    ),
    "a module whose folder is missing": (
        {"main.tf": '\nmodule "a" {\n  source = "../gone"\n}\n'},
        (
            "main.tf:2: module 'a' is not there: ../gone is no folder; mend it, or give the "
            "whole checkout"
        ),
    ),
    "a module of itself": (
        {
            "main.tf": 'module "a" { source = "./inner" }\n',
            "inner/main.tf": '\nmodule "b" { source = "../inner" }\n',
        },
        "inner/main.tf:2: module 'b' calls a module that it is part of; give it another source",
    ),
    "a source that is none": (
        {"main.tf": 'module "a" {\n  source = "nowhere"\n}\n'},
        (
            "main.tf:2: Invalid module source address: Terraform failed to determine your "
            'intended installation method for remote module package "nowhere". If you intended '
            'this as a path relative to the current module, use "./nowhere" instead. The "./" '
            "prefix indicates that the address is a relative filesystem path."
        ),
    ),
    "an argument a module does not take": (
        {
            "main.tf": 'module "a" {\n  source = "./inner"\n  size   = 1\n}\n',
            "inner/main.tf": QUEUE,
        },
        'main.tf:3: Unsupported argument: An argument named "size" is not expected here.',
    ),
    "two resources of one name": (
        {"a.tf": QUEUE, "b.tf": "\n" + QUEUE},
        (
            'b.tf:2: Duplicate resource "aws_sqs_queue" configuration: A aws_sqs_queue '
            'resource named "a" was already declared at a.tf:1,1-29. Resource names must be '
            "unique per type in each module."
        ),
    ),
    "an override of nothing": (
        {"main.tf": QUEUE, "b_override.tf": 'resource "aws_sqs_queue" "b" {}\n'},
        (
            "b_override.tf:1: Missing resource to override: There is no aws_sqs_queue resource "
            'named "b". An override file can only override a resource block defined in a '
            "primary configuration file."
        ),
    ),
    "another version of Terraform": (
        {"main.tf": NEEDS + QUEUE},
        f"main.tf:2: Unsupported Terraform Core version: This configuration {UNSUPPORTED}",
    ),
    "another version of Terraform, in a module": (
        {"main.tf": 'module "a" { source = "./inner" }\n', "inner/main.tf": NEEDS},
        (
            f"inner/main.tf:2: Unsupported Terraform Core version: Module module.a (from ./inner) "
            f"{UNSUPPORTED}"
        ),
    ),
    "an argument no provider block takes": (
        {"main.tf": 'provider "aws" {\n  regoin = "x"\n}\n' + QUEUE},
        (
            'main.tf:2: Unsupported argument: An argument named "regoin" is not expected here. '
            'Did you mean "region"?'
        ),
    ),
    "a value of another type in a provider block": (
        {"main.tf": 'provider "aws" {\n  max_retries = "x"\n}\n' + QUEUE},
        (
            "main.tf:2: Incorrect attribute value type: Inappropriate value for attribute "
            '"max_retries": a number is required.'
        ),
    ),
    "a name that is not declared": (
        {"main.tf": 'output "a" {\n  value = aws_vpc.x.id\n}\n'},
        (
            'main.tf:2: Reference to undeclared resource: A managed resource "aws_vpc" "x" has '
            "not been declared in the root module."
        ),
    ),
    "a template that lacks a value": (
        {
            "main.tf": 'output "a" {\n  value = templatefile("${path.module}/a.tftpl", {})\n}\n',
            "a.tftpl": "\n${b}\n",
        },
        (
            'main.tf:2: Invalid function argument: Invalid value for "vars" parameter: vars '
            'map does not contain key "b", referenced at ./a.tftpl:2,3-4.'
        ),
    ),
    "a count that nobody knows yet": (
        {"main.tf": QUEUE + 'resource "aws_eip" "a" {\n  count = length(aws_sqs_queue.a.arn)\n}\n'},
        (
            'main.tf:3: Invalid count argument: The "count" value depends on resource '
            "attributes that cannot be determined until apply, so Terraform cannot predict how "
            "many instances will be created. To work around this, use the -target argument to "
            "first apply only the resources that the count depends on."
        ),
    ),
    "a file of values that is none": (
        {"main.tf": QUEUE, "a.auto.tfvars": "\na = \n"},
        (
            "a.auto.tfvars:2: Invalid expression: Expected the start of an expression, but "
            "found an invalid expression token."
        ),
    ),
}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others may read too."""
    found = Path(tempfile.mkdtemp())
    found.chmod(0o755)
    yield found
    shutil.rmtree(found)


def refusal(folder: Path, request: Request = Request()) -> str:  # noqa: B008 - frozen
    """The one line, the folder called ROOT."""
    with pytest.raises(PlannerError) as caught:
        make_plan(folder, request)
    assert caught.value.exit_code == 2
    message = str(caught.value)
    assert "\n" not in message
    assert "policyscan-" not in message
    return message.replace(str(folder), "ROOT")


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


@pytest.fixture(scope="session")
def version(terraform: None) -> str:  # noqa: ARG001 - skips
    """That of Terraform."""
    told = subprocess.run([executable(), "version", "-json"], capture_output=True, check=True)
    found: str = json.loads(told.stdout)["terraform_version"]
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_configuration_that_is_wrong_is_told_with_file_and_line(
    case: str, tmp_path: Path, version: str
) -> None:
    files, message = CASES[case]
    expected = f"ROOT/{message.replace('{version}', version)}"
    assert refusal(written(tmp_path, files)) == expected


def test_text_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_bytes(b'resource "aws_sqs_queue" "a" {\n  name = "\xff"\n}\n')
    assert refusal(tmp_path) == (
        "ROOT/main.tf:2: Invalid character encoding: All input files must be UTF-8 encoded. Ensure "
        "that UTF-8 encoding is selected in your editor."
    )


@pytest.mark.parametrize("locked", ["main.tf", "inner/main.tf", "inner", "notes.txt"])
def test_what_may_not_be_read_is_told(locked: str, place: Path) -> None:
    files = {"main.tf": 'module "a" { source = "./inner" }\n', "inner/main.tf": QUEUE}
    written(place, {**files, "notes.txt": ""})
    (place / locked).chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        with tempfile.TemporaryDirectory() as own, pytest.raises(PlannerError) as caught:
            copy_configuration(place, Path(own) / "copy")
    finally:
        if is_root:
            os.seteuid(0)
        (place / locked).chmod(0o700)
    assert str(caught.value) == f"{place / locked}: cannot be read: Permission denied"


def test_a_secret_value_of_another_type_is_not_told(tmp_path: Path) -> None:
    written(tmp_path, {"main.tf": 'variable "key" {\n  type = number\n  sensitive = true\n}\n'})
    told = refusal(tmp_path, Request(Inputs({"key": "hunter2"})))
    assert told.startswith("ROOT/main.tf:1: Invalid value for input variable: ")
    assert "hunter2" not in told


def test_a_module_may_be_the_one_above_an_example_of_it(tmp_path: Path) -> None:
    files = {
        "main.tf": 'resource "aws_iam_policy" "a" {\n'
        '  policy = file("${path.module}/policies/a.json")\n}\n',
        "policies/a.json": "{}",
        "examples/complete/main.tf": 'module "it" { source = "../../" }\n',
    }
    written(tmp_path, files)
    assert b"module.it.aws_iam_policy.a" in make_plan(tmp_path / "examples/complete").plan_json


def test_a_folder_whose_name_ends_like_a_file_is_none(tmp_path: Path) -> None:
    written(
        tmp_path,
        {"main.tf": 'resource "aws_sqs_queue" "q" {}\n', "x.tf/README": "x", "x.tf.json/y": "x"},
    )
    assert b"aws_sqs_queue.q" in make_plan(tmp_path).plan_json
