"""Graphs for the tests of what is drawn of them, and readers of the drawings."""

from __future__ import annotations

import re
from typing import Any

from policyscan.graph import ResourceGraph
from policyscan.plan.address import key_text
from policyscan.report.graph_selection import Selection
from tests.plans import block, change, graph_of, references

CHAIN = ("aws_ecs_service.s", "aws_ecs_task_definition.t", "aws_ecr_repository.r")


def chain() -> ResourceGraph:
    """A service, its task definition, and the repository of its image, which it also waits for."""
    service, task, repository = CHAIN
    return graph_of(
        [
            change(service, unknown={"task_definition": True}),
            change(task, unknown={"container_definitions": True}),
            change(repository, actions=("delete", "create"), after={"name": "app"}),
            change("aws_s3_bucket.alone", actions=("no-op",)),
        ],
        {
            "resources": [
                block(
                    service,
                    {"task_definition": references(f"{task}.arn")},
                    depends_on=[repository],
                ),
                block(task, {"container_definitions": references(f"{repository}.repository_url")}),
                block(repository),
                block("aws_s3_bucket.alone"),
            ]
        },
    )


def keyed(keys: list[str]) -> ResourceGraph:
    """A subnet for each key that stands in a VPC, and a module for each key."""

    def subnet(key: str) -> dict[str, Any]:
        entry = change("aws_subnet.s", unknown={"vpc_id": True})
        return {**entry, "address": f"aws_subnet.s{key_text(key)}", "index": key}

    def address(key: str) -> dict[str, Any]:
        module = f"module.m{key_text(key)}"
        entry = change("aws_eip.e")
        return {**entry, "address": f"{module}.aws_eip.e", "module_address": module}

    return graph_of(
        [change("aws_vpc.main"), *map(subnet, keys), *map(address, keys)],
        {
            "resources": [
                block("aws_vpc.main"),
                block("aws_subnet.s", {"vpc_id": references("aws_vpc.main.id")}),
            ]
        },
    )


def addresses(selection: Selection) -> list[str]:
    """The nodes of a selection."""
    return [node.name for node in selection.nodes]


_DOT = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"|(?P<brace>[{}])|(?P<word>[^\s"{}]+)', re.DOTALL)


def read_dot(text: str) -> tuple[list[str], int]:
    """The strings of a DOT file as Graphviz shows them, and how many braces stay open.

    Raises ValueError: something stands in it that is neither string, brace nor word.
    """
    strings, depth, position = [], 0, 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token = _DOT.match(text, position)
        if token is None:
            raise ValueError(text[position : position + 40])
        position = token.end()
        if token["brace"]:
            depth += 1 if token["brace"] == "{" else -1
        elif token["text"] is not None:
            shown = re.sub(
                r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), token["text"]
            )
            strings.append(shown.replace("&amp;", "&"))
    return strings, depth


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]


def read_mermaid(label: str) -> str:
    """A label as Mermaid shows it: entity codes are characters, and a joiner is not to be seen."""
    lines = label.replace("<br/>", "\n")
    return re.sub("#(\\d+);", lambda code: chr(int(code[1])), lines).replace("\u2060", "")
