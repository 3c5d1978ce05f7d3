"""Provider servers on the loopback interface, which Terraform core attaches to.

Plain gRPC over TCP: aliases of one provider share its server, and the caller's port is the only
thing that tells their Configure calls apart.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import grpc

from policyscan.errors import PolicyscanError
from policyscan.planner.callers import HOST, Callers
from policyscan.planner.protocol import MESSAGES, PROCEDURES, SERVICE
from policyscan.planner.wire import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from policyscan.planner.provider import Provider
    from policyscan.planner.schema import Attribute, Block

_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
_ERROR = 1
_REGISTRIES = ("registry.terraform.io", "registry.opentofu.org")
_LARGEST_MESSAGE = 256 << 20


@contextmanager
def serve(
    providers: Sequence[Provider], group: int, versions: Mapping[str, int] = MappingProxyType({})
) -> Iterator[str]:
    """Serve the providers; the value is what TF_REATTACH_PROVIDERS must hold meanwhile.

    Processes of the process group `group` are answered, and no others where that can be told.
    `versions` holds the schema versions of resource types that are to have another than 0.
    """
    servers = [_start(_Servicer(provider, versions), group) for provider in providers]
    try:
        yield json.dumps(
            {
                address: _reattachment(port)
                for provider, (_, port) in zip(providers, servers, strict=True)
                for address in _addresses(provider.schema.address)
            }
        )
    finally:
        for stopped in [server.stop(grace=None) for server, _ in servers]:
            stopped.wait()


def _start(servicer: _Servicer, group: int) -> tuple[grpc.Server, int]:
    server = grpc.server(
        ThreadPoolExecutor(max_workers=16),
        options=[
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
            ("grpc.so_reuseport", 0),
        ],
    )
    port = server.add_insecure_port(f"{HOST}:0")
    callers = Callers(group, port)
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            _guarded(getattr(servicer, procedure.method), callers),
            request_deserializer=MESSAGES[procedure.request].FromString,
            response_serializer=MESSAGES[procedure.response].SerializeToString,
        )
        for name, procedure in PROCEDURES.items()
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.start()
    return server, port


def _addresses(address: str) -> Iterator[str]:
    """Both public registries hand out the same providers."""
    host, _, source = address.partition("/")
    for registry in _REGISTRIES if host in _REGISTRIES else (host,):
        yield f"{registry}/{source}"


def _guarded(answer: Callable[[Any, Any], Any], callers: Callers) -> Callable[[Any, Any], Any]:
    def guarded(request: Any, context: grpc.ServicerContext) -> Any:
        if not callers.include(context.peer()):
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "this port is for one Terraform alone")
        return answer(request, context)

    return guarded


def _reattachment(port: int) -> Mapping[str, Any]:
    return {
        "Protocol": "grpc",
        "ProtocolVersion": 6,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": {"Network": "tcp", "String": f"{HOST}:{port}"},
    }


def _value(value: Any) -> Any:
    return MESSAGES["DynamicValue"](msgpack=encode(value))


def _add_attributes(attributes: Mapping[str, Attribute], messages: Any) -> None:
    for name, attribute in attributes.items():
        message = messages.add(
            name=name,
            required=attribute.required,
            optional=attribute.optional,
            computed=attribute.computed,
            sensitive=attribute.sensitive,
            write_only=attribute.write_only,
        )
        if (nested := attribute.nested_type) is None:
            message.type = json.dumps(attribute.type).encode()
        else:
            message.nested_type.nesting = _NESTING[nested.nesting]
            _add_attributes(nested.attributes, message.nested_type.attributes)


def _block_message(block: Block) -> Any:
    message = MESSAGES["Block"]()
    _add_attributes(block.attributes, message.attributes)
    for name, nested in block.block_types.items():
        message.block_types.add(
            type_name=name,
            block=_block_message(nested.block),
            nesting=_NESTING[nested.nesting],
            min_items=nested.min_items,
            max_items=nested.max_items,
        )
    return message


def _path_message(steps: Sequence[str | int]) -> Any:
    path = MESSAGES["AttributePath"]()
    for step in steps:
        if isinstance(step, int):
            path.steps.add(element_key_int=step)
        else:
            path.steps.add(attribute_name=step)
    return path


class _Servicer:
    """Answers core's calls: messages in and out here, meaning in the provider."""

    def __init__(self, provider: Provider, versions: Mapping[str, int]) -> None:
        self._provider = provider
        self._versions = versions
        self._configurations: dict[str, Any] = {}

    def _configuration(self, context: grpc.ServicerContext) -> Any:
        return self._configurations.get(context.peer())

    def get_schema(self, _request: Any, _context: Any) -> Any:
        return self._schema

    @cached_property
    def _schema(self) -> Any:
        schema = self._provider.schema
        response = MESSAGES["SchemaResponse"]()
        # Core need not ask again for each alias and walk: of all AWS types that takes a second.
        response.server_capabilities.get_provider_schema_optional = True
        response.provider.block.CopyFrom(_block_message(schema.provider))
        for entries, blocks in (
            (response.resource_schemas, schema.resources),
            (response.data_source_schemas, schema.data_sources),
            (response.ephemeral_resource_schemas, schema.ephemeral_resources),
        ):
            for name, block in blocks.items():
                entries.add(key=name).value.block.CopyFrom(_block_message(block))
        for entry in response.resource_schemas:
            entry.value.version = self._versions.get(entry.key, 0)
        return response

    def validate_provider(self, _request: Any, _context: Any) -> Any:
        return MESSAGES["ValidateProviderResponse"]()

    def validate(self, _request: Any, _context: Any) -> Any:
        return MESSAGES["ValidateResponse"]()

    def upgrade_resource_state(self, request: Any, context: grpc.ServicerContext) -> Any:
        content = request.raw_state.json
        if (configuration := self._configuration(context)) is not None:
            values = json.loads(content)
            whole = self._provider.upgrade(configuration, request.type_name, values)
            content = json.dumps(whole).encode()
        # Core reads a DynamicValue in JSON too.
        return MESSAGES["UpgradeResponse"](upgraded_state=MESSAGES["DynamicValue"](json=content))

    def configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        config = decode(request.config.msgpack)
        self._configurations[context.peer()] = self._provider.configure(config)
        return MESSAGES["ConfigureResponse"]()

    def read_resource(self, request: Any, _context: Any) -> Any:
        return MESSAGES["ReadResponse"](new_state=request.current_state, private=request.private)

    def plan_resource_change(self, request: Any, context: grpc.ServicerContext) -> Any:
        if (proposed := decode(request.proposed_new_state.msgpack)) is None:
            return MESSAGES["PlanResponse"](planned_state=request.proposed_new_state)
        planned, replaced_by = self._provider.plan(
            self._configuration(context),
            request.type_name,
            config=decode(request.config.msgpack),
            proposed=proposed,
            prior=decode(request.prior_state.msgpack),
            identifier=request.prior_private.decode(),
        )
        return MESSAGES["PlanResponse"](
            planned_state=_value(planned),
            requires_replace=[_path_message(steps) for steps in replaced_by],
            legacy_type_system=True,
        )

    def apply_resource_change(self, request: Any, context: grpc.ServicerContext) -> Any:
        response = MESSAGES["ApplyResponse"](legacy_type_system=True)
        try:
            state = self._provider.apply(
                self._configuration(context),
                request.type_name,
                prior=decode(request.prior_state.msgpack),
                planned=decode(request.planned_state.msgpack),
            )
        except PolicyscanError as error:
            response.diagnostics.add(severity=_ERROR, summary=str(error))
        else:
            response.new_state.CopyFrom(_value(state))
        return response

    def import_resource_state(self, request: Any, _context: Any) -> Any:
        response = MESSAGES["ImportResponse"]()
        try:
            state = self._provider.existing(request.type_name, request.id)
        except PolicyscanError as error:
            response.diagnostics.add(severity=_ERROR, summary=str(error))
        else:
            # Core hands `private` on when it asks for the plan of this object.
            response.imported_resources.add(
                type_name=request.type_name, state=_value(state), private=request.id.encode()
            )
        return response

    def read_data_source(self, request: Any, context: grpc.ServicerContext) -> Any:
        response = MESSAGES["DataSourceResponse"]()
        try:
            state = self._provider.read(
                self._configuration(context), request.type_name, decode(request.config.msgpack)
            )
        except PolicyscanError as error:
            response.diagnostics.add(severity=_ERROR, summary=str(error))
        else:
            response.state.CopyFrom(_value(state))
        return response

    def open_ephemeral_resource(self, request: Any, context: grpc.ServicerContext) -> Any:
        result = self._provider.open(
            self._configuration(context), request.type_name, decode(request.config.msgpack)
        )
        return MESSAGES["OpenResponse"](result=_value(result))

    def close_ephemeral_resource(self, _request: Any, _context: Any) -> Any:
        return MESSAGES["CloseResponse"]()

    def stop(self, _request: Any, _context: Any) -> Any:
        return MESSAGES["StopResponse"]()
