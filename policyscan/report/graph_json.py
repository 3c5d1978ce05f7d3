"""A resource graph as JSON: stable names, sorted, every edge."""

from __future__ import annotations

import json

from policyscan.report.graph_selection import Selection

SCHEMA_VERSION = "1"


def render_graph_json(selection: Selection) -> str:
    """Nodes by address, edges by their ends; the edges of a way stand in its order."""
    nodes = sorted(selection.nodes, key=lambda node: node.name)
    document = {
        "schema_version": SCHEMA_VERSION,
        "nodes": [
            {
                "address": node.name,
                "type": node.resource.type,
                "mode": node.resource.mode,
                "actions": list(node.resource.actions),
                "made_up": node.is_made_up,
            }
            for node in nodes
        ],
        "edges": [
            {
                "from": edge.source,
                "to": edge.target,
                "kind": str(edge.kind),
                "from_attribute": edge.from_attribute,
                "to_attribute": edge.to_attribute,
                "confidence": str(edge.confidence),
                "via": list(edge.via),
            }
            for edge in selection.edges
        ],
    }
    # ASCII: a key may hold characters that steer a terminal, and JSON leaves some as they are.
    return json.dumps(document, indent=2) + "\n"
