"""A provider's own binary, asked for its schema and its plans; only tables are made with it.

The handshake is that of HashiCorp's go-plugin, without TLS: one line on standard output names the
address.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc

from policyscan.errors import PlannerError
from policyscan.planner.protocol import MESSAGES, PROCEDURES
from policyscan.planner.wire import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
"""What every Terraform provider wants to be started with. Source: terraform-plugin-go."""
_NAMES = {
    "5": {
        "ConfigureProvider": "Configure",
        "ValidateResourceConfig": "ValidateResourceTypeConfig",
    },
    "6": {},
}
"""Protocol -> what it calls a procedure otherwise; the messages are the same in both."""
_ERROR = 1
_FIELDS = 5
"""How many a handshake has: versions, network, address, protocol."""
_PATIENCE_SECONDS = 5.0
_LARGEST_MESSAGE = 1 << 30


class CrashedError(PlannerError):
    """The provider did not answer, and was started again."""


class Plugin:
    """A running provider that speaks protocol 5 or 6; one that crashes is started again.

    Raises PlannerError: the binary is no such provider.
    """

    def __init__(self, binary: Path, config: dict[str, Any]) -> None:
        self._binary = binary
        self._config = config
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # a developer names the binary
            [str(self._binary.resolve())],
            env={
                **os.environ,
                "PLUGIN_PROTOCOL_VERSIONS": ",".join(_NAMES),
                "TF_PLUGIN_MAGIC_COOKIE": _COOKIE,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        output = self._process.stdout
        handshake = output.readline().strip().split("|") if output else []
        if len(handshake) < _FIELDS or handshake[1] not in _NAMES:
            raise PlannerError(f"{self._binary}: no provider of protocol 5 or 6; name its binary")
        self._protocol = handshake[1]
        options = [("grpc.max_receive_message_length", _LARGEST_MESSAGE)]
        place = handshake[3] if handshake[2] == "tcp" else f"unix:{handshake[3]}"
        self._channel = grpc.insecure_channel(place, options=options)
        _succeed(self._call("ConfigureProvider", config=_dynamic(self._config)))

    def stop(self) -> None:
        """End the process."""
        self._channel.close()
        self._process.kill()
        self._process.communicate()

    def _call(self, procedure: str, **fields: Any) -> Any:
        """The response to one call. Raises CrashedError: there is none."""
        names = PROCEDURES[procedure]
        name = _NAMES[self._protocol].get(procedure, procedure)
        invoke = self._channel.unary_unary(
            f"/tfplugin{self._protocol}.Provider/{name}",
            request_serializer=MESSAGES[names.request].SerializeToString,
            response_deserializer=MESSAGES[names.response].FromString,
        )
        try:
            return invoke(MESSAGES[names.request](**fields), timeout=_PATIENCE_SECONDS)
        except grpc.RpcError as error:
            self.stop()
            self._start()
            raise CrashedError(f"{procedure}: {error.details()}") from error

    def complaints(self, type_name: str, config: Any) -> Sequence[tuple[str, str, tuple[str, ...]]]:
        """What it has against a configuration: summary, detail, path without indexes.

        Raises CrashedError: it gives no answer.
        """
        response = self._call(
            "ValidateResourceConfig", type_name=type_name, config=_dynamic(config)
        )
        return [(each.summary, each.detail, _path(each.attribute)) for each in response.diagnostics]

    def plan(
        self, type_name: str, *, config: Any, proposed: Any, prior: Any
    ) -> tuple[dict[str, Any], tuple[tuple[str, ...], ...]]:
        """The planned object, and the paths that force replacement, without indexes.

        Raises PlannerError: the provider refuses. Raises CrashedError: it gives no answer.
        """
        response = self._call(
            "PlanResourceChange",
            type_name=type_name,
            prior_state=_dynamic(prior),
            proposed_new_state=_dynamic(proposed),
            config=_dynamic(config),
        )
        _succeed(response)
        paths = {_path(path) for path in response.requires_replace}
        return decode(response.planned_state.msgpack), tuple(sorted(paths - {("id",)}))


def _path(path: Any) -> tuple[str, ...]:
    return tuple(step.attribute_name for step in path.steps if step.attribute_name)


def _succeed(response: Any) -> None:
    for each in response.diagnostics:
        if each.severity == _ERROR:
            raise PlannerError(f"{each.summary}: {each.detail}")


def _dynamic(value: Any) -> Any:
    return MESSAGES["DynamicValue"](msgpack=encode(value))


@contextmanager
def started(binary: Path, config: dict[str, Any]) -> Iterator[Plugin]:
    """A provider's binary, configured with a whole provider block, and ended after."""
    plugin = Plugin(binary, config)
    try:
        yield plugin
    finally:
        plugin.stop()
