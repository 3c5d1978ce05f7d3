"""Types of every sort are planned, applied in simulation and planned again: a sample of all.

`make types` tries every one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.types.check import problems, types_of

if TYPE_CHECKING:
    from tests.planner.conftest import Configuration

EACH_SO_MANY = 47
"""Of the types in order one in so many is tried: a prime, so that no family is always left out."""
HARD = (
    "aws_autoscalingplans_scaling_plan",
    "aws_cloudfront_distribution",
    "aws_codepipeline",
    "aws_msk_replicator",
    "aws_quicksight_dashboard",
    "aws_wafv2_web_acl",
)
"""Types that once did not work: sets with computed members, blocks that must stand twice, holes."""


def test_a_sample_of_resource_types_works_and_changes_nothing_when_planned_again(
    terraform: None,  # noqa: ARG001  # skips
) -> None:
    sample = sorted({*types_of("resource")[::EACH_SO_MANY], *HARD})

    assert list(problems("resource", sample)) == []


def test_a_sample_of_data_sources_is_read(terraform: None) -> None:  # noqa: ARG001  # skips
    assert list(problems("data", types_of("data")[::EACH_SO_MANY])) == []


def test_a_plan_names_the_types_of_which_only_the_schema_is_known(
    configuration: Configuration,
) -> None:
    configuration.write(
        """
        resource "aws_vpc" "known" { cidr_block = "10.0.0.0/16" }
        resource "terraform_data" "of_terraform_itself" {}
        resource "aws_workmail_group" "new" {
          email           = "staff@example.com"
          name            = "staff"
          organization_id = "m-1"
        }
        """
    )

    assert configuration.plan().outcome.schema_only == ("aws_workmail_group",)


def test_a_write_only_argument_is_null_in_plan_and_state(configuration: Configuration) -> None:
    configuration.write(
        """
        resource "aws_db_instance" "db" {
          instance_class      = "db.t4g.micro"
          password_wo         = "not-for-the-plan"
          password_wo_version = 1
        }
        """
    )

    planned = configuration.plan(after=[{}])

    assert planned.actions() == {"aws_db_instance.db": ["no-op"]}
    assert planned.change("aws_db_instance.db")["after"]["password_wo"] is None
    told = planned.outcome.plan_json.decode()
    assert told.count("not-for-the-plan") == 1  # as the configuration says it
