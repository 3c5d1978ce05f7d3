"""Stage 5: an `Outcome` -> text or bytes, one pure renderer per format."""

from policyscan.report.json_report import json_document, refused_document, render_json
from policyscan.report.text_report import render_refused, render_text

__all__ = ["json_document", "refused_document", "render_json", "render_refused", "render_text"]
