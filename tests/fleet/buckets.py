"""An S3 server on loopback: moto's."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "plans"


@dataclass(frozen=True)
class Bucket:
    """A bucket, and the environment in which it is reached."""

    env: dict[str, str]
    endpoint: str

    def put(self, objects: Mapping[str, bytes]) -> None:
        """Put objects there, by key."""
        client = self._client()
        for key, content in objects.items():
            client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def _client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - of nothing
            region_name="us-east-1",
        )


@contextmanager
def bucket() -> Iterator[Bucket]:
    """A server with an empty bucket, gone with the context."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    env = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "FSSPEC_S3_ENDPOINT_URL": endpoint,
    }
    found = Bucket(env, endpoint)
    try:
        found._client().create_bucket(Bucket=BUCKET)  # noqa: SLF001 - its maker
        yield found
    finally:
        server.stop()
