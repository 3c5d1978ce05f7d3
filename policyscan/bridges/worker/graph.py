"""Checkov's graph of a plan, with tables where Checkov goes through all resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checkov.common.graph.graph_builder import CustomAttributes, Edge
from checkov.common.util.data_structures_utils import pickle_deepcopy
from checkov.terraform.graph_builder.foreach.utils import get_terraform_foreach_or_count_key
from checkov.terraform.graph_builder.graph_components.block_types import BlockType
from checkov.terraform.graph_builder.graph_components.module import Module
from checkov.terraform.graph_builder.local_graph import TerraformLocalGraph

from .nodes import Graph, Node

ADDRESS = CustomAttributes.TF_RESOURCE_ADDRESS
Lent = Iterable[tuple[str, str, str]]


@dataclass
class Matches:
    """The resources of one name that a reference may mean, by what tells them apart."""

    first: int = -1
    by_key: dict[str | None, int] = field(default_factory=dict)

    def add(self, vertex: int, key: str | None) -> None:
        """One more, after all others."""
        if self.first < 0:
            self.first = vertex
        self.by_key.setdefault(key, vertex)

    def best(self, key: str | None) -> int:
        """The first with the same index or key, else the first."""
        return self.by_key.get(key, self.first)


class QuickGraph(TerraformLocalGraph):  # type: ignore[misc]
    """Finds what a reference means without going through every resource.

    A plan is one file without module blocks, so of Checkov's comparisons only those of addresses
    are left.
    """

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self._matches: dict[str, dict[str, Matches]] = {}
        self._indexed: dict[str, dict[str, list[int]]] = {}

    def _find_vertex_index_relative_to_path(  # noqa: PLR0913, PLR0917 - as Checkov declares it
        self,
        block_type: str,
        name: str,
        block_path: str,
        relative_module_idx: int | None = None,
        source_module_object: Any = None,
        origin_vertex_index: int | None = None,
    ) -> int:
        del block_path, relative_module_idx, source_module_object
        possible = self._possible(block_type, name)
        if len(possible) < 2:  # noqa: PLR2004
            return possible[0] if possible else -1
        if origin_vertex_index is None:
            return possible[0]
        return self._best(f"{block_type} {name}", possible, origin_vertex_index)

    def _possible(self, block_type: str, name: str) -> list[int]:
        by_name = self.vertices_by_module_dependency_by_name.get(None, {}).get(block_type, {})
        found = by_name.get(name) or by_name.get(name.replace('["', "[").replace('"]', "]"))
        if found:
            return list(found)
        if block_type not in self._indexed:
            indexed = self._indexed.setdefault(block_type, {})
            for each, vertices in by_name.items():
                for position in (at for at, letter in enumerate(each) if letter == "["):
                    indexed.setdefault(each[:position], vertices)
        return self._indexed[block_type].get(name, [])

    def _address(self, vertex: int) -> str:
        return str(self.vertices[vertex].attributes.get(ADDRESS, ""))

    def _best(self, name: str, possible: list[int], origin: int) -> int:
        """Of several the one in the nearest module; of several there the one with the same key."""
        if name not in self._matches:
            table = self._matches.setdefault(name, {})
            for vertex in possible:
                address = self._address(vertex)
                key = get_terraform_foreach_or_count_key(address)
                for prefix in ("", *_prefixes(address)):
                    table.setdefault(prefix, Matches()).add(vertex, key)
        table = self._matches[name]
        address = self._address(origin)
        nearest = next((each for each in _prefixes(address)[::-1] if each in table), "")
        if not address:
            return table[nearest].first
        return table[nearest].best(get_terraform_foreach_or_count_key(address))

    def lend(self, edges: Lent) -> None:
        """Take these edges between resources in place of all that were found."""
        numbers = {
            str(each.attributes.get(ADDRESS)): number
            for number, each in enumerate(self.vertices)
            if each.block_type == BlockType.RESOURCE
        }
        kept: list[Any] = [edge for edge in self.edges if not self._between_resources(edge)]
        kept += [
            Edge(numbers[start], numbers[end], attribute)
            for start, end, attribute in edges
            if start in numbers and end in numbers and start != end
        ]
        self.edges: list[Any] = sorted(kept, key=lambda edge: int(edge.origin))

    def _between_resources(self, edge: Any) -> bool:
        ends = (self.vertices[edge.origin], self.vertices[edge.dest])
        return all(each.block_type == BlockType.RESOURCE for each in ends)

    def frozen(self) -> Graph:
        """As solvers read it."""
        return Graph(list(self._nodes()), [(edge.origin, edge.dest) for edge in self.edges])

    def _nodes(self) -> Iterator[tuple[int, Node]]:
        for number, vertex in enumerate(self.vertices):
            attributes: Node = vertex.get_attribute_dict(add_hash=False)
            # Checkov hashes all attributes here, and its policies do not read it.
            attributes[CustomAttributes.HASH] = str(number)
            yield number, attributes


def _prefixes(address: str) -> list[str]:
    """`module`, `module.a`, ... of an address in a module; cut at every dot, as Checkov does."""
    if not address.startswith("module"):
        return []
    parts = address.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def build(definitions: dict[str, list[Any]], path: Path) -> QuickGraph:
    """The graph of a plan's blocks, with Checkov's edges."""
    module = Module(source_dir="", external_modules_source_map={})
    module.temp_tf_definition = {str(path): definitions}
    for kind, blocks in pickle_deepcopy(definitions).items():
        module.add_blocks(kind, blocks, str(path), "Terraform")
    graph = QuickGraph(module)
    graph.build_graph(render_variables=False)
    return graph
