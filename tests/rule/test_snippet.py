from __future__ import annotations

import shutil
import subprocess

import pytest

from policyscan.rule import (
    Container,
    arguments,
    block,
    edit,
    edit_container,
    new,
    quoted,
    removed,
    wait_for,
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
    assert edit_container(task, Container("app", "", {}), image=quoted("a:1")) == (
        'resource "aws_ecs_task_definition" "app" {\n'
        "  container_definitions = jsonencode([{\n"
        '    name  = "app"\n    image = "a:1"\n  }])\n}'
    )


def test_a_container_that_must_not_be_named_is_not() -> None:
    (task,) = plan_of([change("aws_ecs_task_definition.app", after={})]).resources
    for container in (None, Container("swordfish", "", {}, is_sensitive=True)):
        assert '"CONTAINER"' in edit_container(task, container, image=quoted("a:1"))


def test_what_is_to_go_is_named_without_its_key() -> None:
    (group,) = plan_of([change('module.m.aws_x.a["k"]', after={})]).resources
    assert removed(group) == (
        "removed {\n  from = aws_x.a\n\n  lifecycle {\n    destroy = true\n  }\n}"
    )


@pytest.mark.parametrize(
    ("waiter", "other", "written"),
    [
        ("aws_x.a", "aws_y.b[0]", 'resource "aws_x" "a" {\n  depends_on = [aws_y.b]\n}'),
        ("module.m.aws_x.a", "aws_y.b", 'module "m" {\n  depends_on = [aws_y.b]\n}'),
        ("aws_x.a", "module.m.aws_y.b", 'resource "aws_x" "a" {\n  depends_on = [module.m]\n}'),
        (
            *('module.m["k"].module.n.aws_x.a', 'module.m["k"].module.o.aws_y.b'),
            'module "n" {\n  depends_on = [module.o]\n}',
        ),
        (
            *('module.m["k"].aws_x.a', 'module.m["k"].aws_y.b'),
            'resource "aws_x" "a" {\n  depends_on = [aws_y.b]\n}',
        ),
    ],
)
def test_what_waits_says_so_where_both_can_be_named(waiter: str, other: str, written: str) -> None:
    found = {each.address: each for each in plan_of([change(waiter), change(other)]).resources}
    assert wait_for(found[waiter], found[other]) == written


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


@pytest.mark.skipif(shutil.which("terraform") is None, reason="no terraform on PATH")
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
