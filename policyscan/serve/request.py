"""A run task as HCP Terraform asks for it: whether it is signed, and what of it counts."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from policyscan.errors import RunTaskError
from policyscan.serve.hosts import Hosts

SIGNATURE: Final = "X-TFC-Task-Signature"
VERIFICATION_TOKEN: Final = "test-token"  # noqa: S105 - what HCP Terraform sends in place of one
"""The token of the request that only sees whether anyone answers, when a run task is created."""
JUDGED_STAGES: Final = ("post_plan", "pre_apply")

_VERSION: Final = 1
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_STAGE: Final = re.compile(r"[a-z_]{1,40}")
_TOKEN: Final = re.compile(r"[!-~]{1,4096}")


@dataclass(frozen=True, slots=True)
class RunTask:
    """What one request asks for; `id` is that of the result, the same when it is asked again.

    `takes_outcomes`: the caller shows more than a message.
    """

    id: str
    run: str
    stage: str
    callback_url: str
    plan_url: str
    takes_outcomes: bool
    token: str = field(repr=False)


def is_signed(body: bytes, signature: str, key: bytes) -> bool:
    """Whether whoever sent the body has the key; how long that takes tells nothing of it."""
    wanted = hmac.new(key, body, hashlib.sha512).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.strip().lower().encode())


def read_request(body: bytes, hosts: Hosts) -> RunTask | None:
    """The task of a signed body, None where it only sees whether anyone answers.

    Raises RunTaskError: it is none, or leads to a host that is not allowed.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise RunTaskError("the body is no JSON") from None
    if not isinstance(content, dict):
        raise RunTaskError("the body is no JSON object")
    if content.get("payload_version") != _VERSION:
        raise RunTaskError(f"payload_version is not {_VERSION}; no other is known")
    token = _text(content, "access_token", _TOKEN)
    if token == VERIFICATION_TOKEN:
        return None
    stage = _text(content, "stage", _STAGE)
    capabilities = content.get("capabilities")
    return RunTask(
        id=_text(content, "task_result_id", _ID),
        run=_text(content, "run_id", _ID),
        stage=stage,
        callback_url=_url(content, "task_result_callback_url", hosts),
        plan_url=_url(content, "plan_json_api_url", hosts) if stage in JUDGED_STAGES else "",
        takes_outcomes=isinstance(capabilities, dict) and capabilities.get("outcomes") is True,
        token=token,
    )


def _text(content: dict[str, Any], key: str, form: re.Pattern[str]) -> str:
    value = content.get(key)
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise RunTaskError(f"{key} is missing, or not of its form")
    return value


def _url(content: dict[str, Any], key: str, hosts: Hosts) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise RunTaskError(f"{key} is missing")
    return str(hosts.checked(value, key))
