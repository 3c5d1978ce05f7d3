"""Every refusal is one line: where, what is wrong, what to do."""

from __future__ import annotations

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


def test_providers_that_are_not_known_are_named_with_how_to_give_their_schema(
    configuration: Configuration,
) -> None:
    configuration.write("""
      terraform {
        required_providers {
          own = { source = "registry.acme.example/acme/cloud" }
          aws = { source = "hashicorp/aws" }
        }
      }
      resource "google_project" "main" { name = "x" }
      module "inner" { source = "./inner" }
    """)
    configuration.write(
        'terraform {\n  required_providers { gl = { source = "gitlabhq/gitlab" } }\n}\n'
        'resource "gitlab_project" "x" { provider = gl }',
        "inner/main.tf",
    )
    assert refusal(configuration) == (
        "ROOT: no schema of provider gitlabhq/gitlab, hashicorp/google, "
        "registry.acme.example/acme/cloud is known offline; give it with --provider-schema FILE "
        "(`terraform providers schema -json > FILE` writes it where the provider is initialised), "
        "or plan with the real provider, and hand over its `terraform show -json`"
    )


def test_a_provider_kept_under_another_address_is_named(configuration: Configuration) -> None:
    configuration.write('resource "docker_image" "main" { name = "nginx" }')
    assert refusal(configuration) == (
        "ROOT: provider hashicorp/docker is not known offline, kreuzwerker/docker is: name it as "
        "the `source` of the provider in required_providers of every module that uses it"
    )


def test_a_function_of_a_provider_is_named(configuration: Configuration) -> None:
    configuration.write("""
      terraform {
        required_providers { aws = { source = "hashicorp/aws" } }
      }
      output "a" { value = provider::aws::arn_parse("arn:aws:iam::123456789012:role/x") }
    """)
    assert refusal(configuration) == (
        "ROOT/main.tf:5: provider::aws::arn_parse: no function of a provider is known offline; "
        "plan without it, or with the real provider, and hand over its `terraform show -json`"
    )


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
