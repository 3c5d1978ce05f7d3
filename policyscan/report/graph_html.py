"""A resource graph as a page to look around in."""

from __future__ import annotations

from policyscan.report.graph_selection import Selection
from policyscan.report.html.document import graph_document
from policyscan.report.html.page import page


def render_graph_html(selection: Selection) -> str:
    """The page of a report, without what a report finds."""
    return page(graph_document(selection))
