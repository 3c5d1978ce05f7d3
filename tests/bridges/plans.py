"""Small plans for Checkov, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from policyscan.bridges.golden import document, planned

BUCKET = "aws_s3_bucket"
BLOCK = "aws_s3_bucket_public_access_block"
CLOSED = dict.fromkeys(
    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"),
    True,
)


def buckets(*, bucket: dict[str, Any] | None = None) -> dict[str, Any]:
    """Two buckets by count, of which an access block closes the second."""
    resources = [
        *(planned(BUCKET, "b", bucket or {"bucket": f"shop-{key}"}, key) for key in (0, 1)),
        planned(BLOCK, "b", CLOSED),
    ]
    references = [f"{BUCKET}.b[1].id", f"{BUCKET}.b[1]", f"{BUCKET}.b"]
    closing: dict[str, Any] = {"bucket": {"references": references}}
    return document(resources, [], [(BUCKET, "b", {}, {}), (BLOCK, "b", CLOSED, closing)])


def written(folder: Path, plan: dict[str, Any]) -> Path:
    """Its file."""
    path = folder / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path
