"""The page to look at: verdict, findings by root cause, and the graph with their evidence."""

from __future__ import annotations

from policyscan.report.html.document import report_document
from policyscan.report.html.page import page
from policyscan.report.scans import Report


def render_html(report: Report) -> str:
    """One self-contained file."""
    return page(report_document(report))
