"""How one resource is made to wait for another, whatever modules the two are written in."""

from __future__ import annotations

from policyscan.graph import ResourceGraph
from policyscan.rule import wait_for
from tests.plans import block, change, graph_of, references

LISTENER, SERVICE, GROUP = "aws_lb_listener.http", "aws_ecs_service.app", "aws_lb_target_group.app"


def waiting(graph: ResourceGraph, waiter: str, awaited: str) -> str:
    first, second = graph.resource(waiter), graph.resource(awaited)
    assert first is not None
    assert second is not None
    return wait_for(graph, first, second).snippet


def modules(**resources: list[dict[str, object]]) -> dict[str, object]:
    return {
        "module_calls": {
            name: {"source": f"./{name}", "module": {"resources": inside}}
            for name, inside in resources.items()
        }
    }


def test_beside_each_other_the_one_names_the_other_after_what_it_names_already() -> None:
    root = {"resources": [block(SERVICE, depends_on=["aws_vpc.main"]), block(LISTENER)]}
    graph = graph_of([change(f"{SERVICE}[0]"), change(f"{LISTENER}[0]")], root)
    assert waiting(graph, f"{SERVICE}[0]", f"{LISTENER}[0]") == (
        'resource "aws_ecs_service" "app" {\n  depends_on = [aws_vpc.main, aws_lb_listener.http]\n}'
    )


def test_a_module_is_waited_for_from_outside_as_a_whole() -> None:
    root = {"resources": [block(SERVICE)], **modules(alb=[block(LISTENER)])}
    graph = graph_of([change(SERVICE), change(f"module.alb.{LISTENER}")], root)
    assert "depends_on = [module.alb]" in waiting(graph, SERVICE, f"module.alb.{LISTENER}")


def test_the_call_of_a_module_waits_for_what_stands_outside_of_it() -> None:
    root = {"resources": [block(LISTENER)], **modules(service=[block(SERVICE)])}
    graph = graph_of([change(f'module.service["a"].{SERVICE}'), change(LISTENER)], root)
    assert waiting(graph, f'module.service["a"].{SERVICE}', LISTENER) == (
        'module "service" {\n  depends_on = [aws_lb_listener.http]\n}'
    )


def test_a_call_that_would_wait_for_itself_hands_the_dependency_in() -> None:
    inside = modules(service=[block(SERVICE), block(GROUP)])
    inside["module_calls"]["service"]["module"]["outputs"] = {  # type: ignore[index]
        "group": {"expression": references(f"{GROUP}.arn")}
    }
    listener = block(LISTENER, {"default_action": [{"arn": references("module.service.group")}]})
    changes = [change(f"module.service.{name}") for name in (SERVICE, GROUP)]
    graph = graph_of([*changes, change(LISTENER)], {"resources": [listener], **inside})
    assert graph.depends_on(LISTENER, f"module.service.{GROUP}")
    assert waiting(graph, f"module.service.{SERVICE}", LISTENER) == (
        'module "service" {\n  waits_for = aws_lb_listener.http.id\n}\n\n'
        'variable "waits_for" {\n  type = any\n}\n\n'
        'resource "aws_ecs_service" "app" {\n  depends_on = [var.waits_for]\n}'
    )
