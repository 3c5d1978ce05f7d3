from __future__ import annotations

import subprocess

import pytest

from policyscan.plan import Known, Unknown, Value
from policyscan.rule import (
    Container,
    arguments,
    block,
    edit,
    hcl,
    in_container,
    name_of,
    new,
    quoted,
    reference,
    removed,
    together,
)
from tests.plans import change, plan_of


def test_an_edit_names_the_block_of_its_resource() -> None:
    (group,) = plan_of([change("aws_lb_target_group.app", after={})]).resources
    assert edit(group, 'target_type = "ip"') == (
        'resource "aws_lb_target_group" "app" {\n  target_type = "ip"\n}'
    )


def test_blocks_nest_and_arguments_line_up() -> None:
    made = new("aws_eip", "nat", arguments(domain=quoted("vpc"), tags="{}"), block("timeouts", ""))
    assert made == (
        'resource "aws_eip" "nat" {\n  domain = "vpc"\n  tags   = {}\n  timeouts {\n\n  }\n}'
    )


def test_a_container_is_mended_inside_its_task_definition() -> None:
    (task,) = plan_of([change("aws_ecs_task_definition.app", after={})]).resources
    assert in_container(task, "app", 'image = "a:1"') == (
        'resource "aws_ecs_task_definition" "app" {\n'
        "  container_definitions = jsonencode([{\n"
        '    name = "app"\n\n    image = "a:1"\n  }])\n}'
    )


def test_a_container_that_must_not_be_named_is_not() -> None:
    assert name_of(Container("app", "", {})) == "app"
    for container in (None, Container("swordfish", "", {}, is_sensitive=True)):
        assert name_of(container) == ""


def test_what_is_to_go_is_named_without_its_key() -> None:
    (group,) = plan_of([change('module.m.aws_x.a["k"]', after={})]).resources
    assert removed(group) == (
        "removed {\n  from = aws_x.a\n\n  lifecycle {\n    destroy = true\n  }\n}"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('say "hi"', '"say \\"hi\\""'),
        ("${a}", '"$${a}"'),
        ("%{if}", '"%%{if}"'),
        ("two\nlines", '"two\\nlines"'),
        ("é", '"é"'),
    ],
)
def test_a_text_is_quoted_so_that_it_means_itself(text: str, written: str) -> None:
    assert quoted(text) == written


def test_an_attribute_is_named_as_its_own_module_names_it() -> None:
    subnets = ('module.net.aws_subnet.a["x.y"]', "module.net.aws_vpc.v", "aws_eip.nat[0]")
    eip, subnet, vpc = plan_of([change(each, after={}) for each in subnets]).resources
    assert reference(subnet, "id", vpc) == 'aws_subnet.a["x.y"].id'
    assert reference(eip, "public_ip", eip) == "aws_eip.nat[0].public_ip"
    assert reference(vpc, "id", eip) == "var.V_ID"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Known("tcp"), '"tcp"'),
        (Known(443), "443"),
        (Known(value=True), "true"),
        (Known("secret", is_sensitive=True), "VALUE"),
        (Unknown(), "VALUE"),
    ],
)
def test_a_planned_value_is_written_as_hcl_unless_nobody_may_see_it(
    value: Value, written: str
) -> None:
    assert hcl(value) == written


def test_snippets_stand_below_one_another_each_once() -> None:
    assert together("a {\n}", "", "b {\n}", "a {\n}") == "a {\n}\n\nb {\n}"


@pytest.mark.usefixtures("terraform")
def test_terraform_leaves_a_snippet_as_it_is() -> None:
    made = new(
        "aws_appautoscaling_target",
        "app",
        arguments(max_capacity="10", min_capacity="2"),
        "",
        block("lifecycle", "ignore_changes = [desired_count]"),
    )
    shown = subprocess.run(
        ["terraform", "fmt", "-"],  # noqa: S607 - the terraform on PATH is the one meant
        input=made.encode(),
        capture_output=True,
        check=True,
    )
    assert shown.stdout.decode() == made + "\n"
