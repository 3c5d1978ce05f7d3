"""Container images of repositories that exist only in the simulated state."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from policyscan.planner.data_sources.account import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

_PUSHED_AT = 946684800  # the first second of 2000, in Unix time
_SIZE_IN_BYTES = 50_000_000


def image(config: Mapping[str, Any]) -> dict[str, Any]:
    """One image as if the pipeline had pushed it; its digest follows from repository and tag."""
    repository, tag = config["repository_name"], config.get("image_tag") or "latest"
    digest = config.get("image_digest") or "sha256:" + _hex(f"{repository}:{tag}")
    registry = config.get("registry_id") or ACCOUNT
    host = f"{registry}.dkr.ecr.{config['region']}.amazonaws.com"
    return {
        "id": digest,
        "image_digest": digest,
        "image_pushed_at": _PUSHED_AT,
        "image_size_in_bytes": _SIZE_IN_BYTES,
        "image_tags": [tag],
        "image_uri": f"{host}/{repository}@{digest}",
        "registry_id": registry,
    }


def images_of(type_name: str, resource: Mapping[str, Any]) -> dict[str, Any]:
    """What the data source of a repository says of its images, which the resource does not."""
    if type_name != "aws_ecr_repository" or not resource.get("name"):
        return {}
    return {"most_recent_image_tags": ["latest"]}


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
