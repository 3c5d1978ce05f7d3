"""The service as a user starts it, and requests as HCP Terraform makes them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.serve.hcp import PATIENCE, FakeHcp, token_of, wait_for

ROOT = Path(__file__).resolve().parents[2]
KEY = "a key that nobody guesses"
CLEAN = ROOT / "fixtures" / "reference" / "plan.json"
BROKEN = ROOT / "fixtures" / "reference_broken" / "plan.json"


def signature(body: bytes, key: str = KEY) -> str:
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def payload(hcp: FakeHcp, task: str, **changes: Any) -> dict[str, Any]:
    """The documented sample, with the ids and URLs of a task."""
    return {
        "payload_version": 1,
        "stage": "post_plan",
        "access_token": token_of(task),
        "capabilities": {"outcomes": True},
        "configuration_version_id": "cv-ntv3HbhJqvFzamy7",
        "is_speculative": False,
        "organization_name": "example",
        "plan_json_api_url": f"{hcp.url}/plans/{task}",
        "run_app_url": "https://app.terraform.io/app/example/shop/runs/run-1",
        "run_created_at": "2026-01-02T03:04:05.678Z",
        "run_id": f"run-{task}",
        "task_result_callback_url": f"{hcp.url}/results/{task}/callback",
        "task_result_enforcement_level": "mandatory",
        "task_result_id": task,
        "vcs_branch": None,
        "workspace_name": "shop",
        **changes,
    }


@dataclass
class Served:
    """A running service."""

    process: subprocess.Popen[bytes]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_for(lambda: self._listening() or self.process.poll() is not None, "it to listen")
        assert self._listening(), self.log

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.decode().rstrip("\n"))

    def _listening(self) -> re.Match[str] | None:
        return re.search(r"listening at=(http://127\.0\.0\.1:\d+/run-task)", self.log)

    @property
    def log(self) -> str:
        """What it has said so far."""
        return "\n".join(list(self.lines))

    @property
    def url(self) -> str:
        """Where it takes run tasks."""
        found = self._listening()
        assert found is not None
        return found[1]

    def logged(self, event: str, task: str = "") -> list[str]:
        """The lines of an event, of one task or all."""
        return [
            line
            for line in list(self.lines)
            if f"Z {event}" in line and (not task or f"task={task} " in f"{line} ")
        ]

    def post(self, content: dict[str, Any] | bytes, signed: str | None = None) -> httpx.Response:
        """Ask for a task, signed unless a signature is given."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return httpx.post(
            self.url,
            content=body,
            headers={"X-TFC-Task-Signature": signature(body) if signed is None else signed},
            timeout=PATIENCE,
            trust_env=False,
        )

    def health(self) -> httpx.Response:
        """How it says it is."""
        return httpx.get(
            self.url.replace("/run-task", "/health"), timeout=PATIENCE, trust_env=False
        )

    def terminate(self) -> None:
        """Ask it to stop."""
        self.process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """Its exit code, once it has stopped."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code


def launched(
    folder: Path, *flags: str, stderr: int = subprocess.PIPE, env: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """The service as a process in a folder."""
    command = (sys.executable, "-m", "policyscan", "serve", "--run-task", "--no-checkov")
    return subprocess.Popen(
        [*command, *flags],
        cwd=folder,
        stderr=stderr,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "POLICYSCAN_RUN_TASK_HMAC_KEY": KEY,
            **(env or {}),
        },
    )


def start(folder: Path, *flags: str, local: bool = True, **env: str) -> Served:
    """Start the service in a folder, allowed to talk to the stand-in unless not `local`."""
    more = ("--allow-http-loopback",) if local else ()
    return Served(launched(folder, "--port", "0", *more, *flags, env=env))
