"""Stage 2: a `Plan`, with its source where it is at hand -> `ResourceGraph`."""

from policyscan.graph.graph import Edge, EdgeKind, Resolution, ResourceGraph
from policyscan.graph.resolve import Confidence, Target

__all__ = [
    "Confidence",
    "Edge",
    "EdgeKind",
    "Resolution",
    "ResourceGraph",
    "Target",
]
