"""Stage 1b: a folder of Terraform source -> locals, expressions, lifecycle, comments, lines.

Everything that plan JSON leaves out. Nothing is evaluated; python-hcl2 lives here, nowhere else.
"""

from policyscan.source.model import (
    MISSING,
    Block,
    Comment,
    Conditional,
    Dynamic,
    Expression,
    Missing,
    Reference,
    Shape,
    Source,
    SourceModule,
    Span,
    Splat,
)
from policyscan.source.read import read_source

__all__ = [
    "MISSING",
    "Block",
    "Comment",
    "Conditional",
    "Dynamic",
    "Expression",
    "Missing",
    "Reference",
    "Shape",
    "Source",
    "SourceModule",
    "Span",
    "Splat",
    "read_source",
]
