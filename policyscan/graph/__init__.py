"""Stage 2: a `Plan`, with its source where it is at hand -> `ResourceGraph`."""

from policyscan.graph.edges import Edges
from policyscan.graph.graph import ResourceGraph
from policyscan.graph.index import Index
from policyscan.graph.joins import Join, Joins
from policyscan.graph.model import WRITTEN, Edge, EdgeKind, Members, Resolution
from policyscan.graph.position import locate
from policyscan.graph.target import Confidence, Target

__all__ = [
    "WRITTEN",
    "Confidence",
    "Edge",
    "EdgeKind",
    "Edges",
    "Index",
    "Join",
    "Joins",
    "Members",
    "Resolution",
    "ResourceGraph",
    "Target",
    "locate",
]
