"""Every refusal is one line: where, what is wrong, what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policyscan.errors import PlannerError
from policyscan.planner import make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.planner.conftest import Configuration


def refusal(configuration: Configuration, variables: dict[str, str] | None = None) -> str:
    """The message, with the test's folder called ROOT."""
    with pytest.raises(PlannerError) as caught:
        configuration.plan(variables)
    assert caught.value.exit_code == 2
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(configuration.folder), "ROOT")


def test_a_missing_terraform_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlannerError, match=r"^terraform is not on PATH: install Terraform"):
        make_plan(tmp_path)


def test_a_folder_without_configuration_is_named(configuration: Configuration) -> None:
    assert refusal(configuration) == (
        "ROOT: holds no .tf or .tf.json file; name the root module's folder"
    )


def test_a_provider_that_is_not_offline_is_named(configuration: Configuration) -> None:
    configuration.write('resource "google_project" "main" { name = "x" }')
    assert refusal(configuration) == (
        "ROOT: provider hashicorp/google cannot be planned with offline (these can: archive, aws, "
        "local, null, random, time, tls); plan with the real provider and hand over its "
        "`terraform show -json`"
    )


def test_an_unknown_resource_type_is_named_with_its_line(configuration: Configuration) -> None:
    configuration.write('\n\nresource "aws_nonesuch" "main" {}')
    assert refusal(configuration) == (
        "ROOT/main.tf:3: Invalid resource type: The provider hashicorp/aws does not support "
        'resource type "aws_nonesuch".'
    )


def test_invalid_hcl_is_told_with_file_and_line(configuration: Configuration) -> None:
    configuration.write('output "a" {\n  value = \n}', "broken.tf")
    assert refusal(configuration).startswith("ROOT/broken.tf:2: Invalid expression: ")


def test_an_error_in_a_module_outside_names_the_user_s_own_file(
    configuration: Configuration,
) -> None:
    configuration.write('resource "aws_sqs_queue" "a" {\n  nonesuch = 1\n}', "../shared/main.tf")
    configuration.write('module "shared" { source = "../shared" }')
    message = refusal(configuration)
    outside = str(configuration.folder.parent / "shared" / "main.tf")
    assert message.startswith(f"{outside}:2: Unsupported argument: ")


def test_variables_without_value_are_named_with_the_flag_that_sets_them(
    configuration: Configuration,
) -> None:
    configuration.write('variable "b" {}\nvariable "a" {}\nvariable "c" {}')
    assert refusal(configuration, {"c": "1"}) == (
        "ROOT/main.tf:1: variables a, b not set; pass --var a=VALUE --var b=VALUE, "
        "or --var-file FILE"
    )


@pytest.mark.parametrize(
    "source", ["terraform-aws-modules/vpc/aws", "git::https://example.com/vpc.git"]
)
def test_a_module_that_is_not_installed_is_named(configuration: Configuration, source: str) -> None:
    configuration.write(f'module "vpc" {{ source = "{source}" }}')
    assert refusal(configuration) == (
        "ROOT/main.tf:1: module 'vpc' is not installed, and offline nothing is downloaded; run "
        "`terraform init` in the folder first, its .terraform/modules is then used"
    )


def test_an_import_is_refused(configuration: Configuration) -> None:
    configuration.write("""
      resource "aws_sqs_queue" "a" {}
      import {
        to = aws_sqs_queue.a
        id = "one"
      }
    """)
    assert refusal(configuration) == (
        "ROOT: aws_sqs_queue one cannot be imported offline: Only the account knows what it looks "
        "like; leave the import block out."
    )


def test_an_installed_registry_module_is_taken_from_the_folder(
    configuration: Configuration,
) -> None:
    configuration.write(
        'module "queue" {\n  source  = "terraform-aws-modules/sqs/aws"\n  version = "4.0.0"\n}'
    )
    configuration.write('resource "aws_sqs_queue" "this" {}', ".terraform/modules/queue/main.tf")
    manifest = {
        "Modules": [
            {"Key": "", "Source": "", "Dir": "."},
            {
                "Key": "queue",
                "Source": "registry.terraform.io/terraform-aws-modules/sqs/aws",
                "Version": "4.0.0",
                "Dir": ".terraform/modules/queue",
            },
        ]
    }
    configuration.write(json.dumps(manifest), ".terraform/modules/modules.json")
    assert configuration.plan().actions() == {"module.queue.aws_sqs_queue.this": ["create"]}
