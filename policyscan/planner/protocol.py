"""The part of Terraform's plugin protocol 6 that the offline provider speaks.

Messages are declared in `_DECLARATIONS` and built on import: no generated code.
Protocol 5 says the same of every type but those whose attributes hold attributes, so it is not
needed. Source of the names and numbers: terraform, docs/plugin-protocol/tfplugin6.8.proto.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE = "tfplugin6.Provider"

_DECLARATIONS = """
DynamicValue             bytes msgpack 1, bytes json 2
AttributePathStep        string attribute_name 1 oneof, string element_key_string 2 oneof, \
int64 element_key_int 3 oneof
AttributePath            repeated AttributePathStep steps 1
Diagnostic               int64 severity 1, string summary 2, string detail 3, \
AttributePath attribute 4
RawState                 bytes json 1

Attribute                string name 1, bytes type 2, bool required 4, bool optional 5, \
bool computed 6, bool sensitive 7, Object nested_type 10, bool write_only 11
Object                   repeated Attribute attributes 1, int64 nesting 3
NestedBlock              string type_name 1, Block block 2, int64 nesting 3, int64 min_items 4, \
int64 max_items 5
Block                    int64 version 1, repeated Attribute attributes 2, \
repeated NestedBlock block_types 3
Schema                   int64 version 1, Block block 2
SchemaEntry              string key 1, Schema value 2

SchemaRequest            -
ServerCapabilities       bool get_provider_schema_optional 2
SchemaResponse           Schema provider 1, repeated SchemaEntry resource_schemas 2, \
repeated SchemaEntry data_source_schemas 3, repeated Diagnostic diagnostics 4, \
ServerCapabilities server_capabilities 6, repeated SchemaEntry ephemeral_resource_schemas 8
ValidateProviderRequest  DynamicValue config 1
ValidateProviderResponse repeated Diagnostic diagnostics 2
ValidateRequest          string type_name 1, DynamicValue config 2
ValidateResponse         repeated Diagnostic diagnostics 1
UpgradeRequest           string type_name 1, int64 version 2, RawState raw_state 3
UpgradeResponse          DynamicValue upgraded_state 1, repeated Diagnostic diagnostics 2
ConfigureRequest         string terraform_version 1, DynamicValue config 2
ConfigureResponse        repeated Diagnostic diagnostics 1
ReadRequest              string type_name 1, DynamicValue current_state 2, bytes private 3
ReadResponse             DynamicValue new_state 1, repeated Diagnostic diagnostics 2, \
bytes private 3
PlanRequest              string type_name 1, DynamicValue prior_state 2, \
DynamicValue proposed_new_state 3, DynamicValue config 4, bytes prior_private 5
PlanResponse             DynamicValue planned_state 1, repeated AttributePath requires_replace 2, \
bytes planned_private 3, repeated Diagnostic diagnostics 4, bool legacy_type_system 5
ApplyRequest             string type_name 1, DynamicValue prior_state 2, \
DynamicValue planned_state 3, DynamicValue config 4, bytes planned_private 5
ApplyResponse            DynamicValue new_state 1, bytes private 2, \
repeated Diagnostic diagnostics 3, bool legacy_type_system 4
ImportRequest            string type_name 1, string id 2
ImportedResource         string type_name 1, DynamicValue state 2, bytes private 3
ImportResponse           repeated ImportedResource imported_resources 1, \
repeated Diagnostic diagnostics 2
DataSourceRequest        string type_name 1, DynamicValue config 2
DataSourceResponse       DynamicValue state 1, repeated Diagnostic diagnostics 2
OpenRequest              string type_name 1, DynamicValue config 2
OpenResponse             repeated Diagnostic diagnostics 1, DynamicValue result 3
CloseRequest             string type_name 1, bytes private 2
CloseResponse            repeated Diagnostic diagnostics 1
StopRequest              -
StopResponse             string Error 1
"""


class Procedure(NamedTuple):
    """One remote procedure: the servicer's method, and the message types by name."""

    method: str
    request: str
    response: str


PROCEDURES: Mapping[str, Procedure] = {
    "GetProviderSchema": Procedure("get_schema", "SchemaRequest", "SchemaResponse"),
    "ValidateProviderConfig": Procedure(
        "validate_provider", "ValidateProviderRequest", "ValidateProviderResponse"
    ),
    "ValidateResourceConfig": Procedure("validate", "ValidateRequest", "ValidateResponse"),
    "ValidateDataResourceConfig": Procedure("validate", "ValidateRequest", "ValidateResponse"),
    "ValidateEphemeralResourceConfig": Procedure("validate", "ValidateRequest", "ValidateResponse"),
    "UpgradeResourceState": Procedure(
        "upgrade_resource_state", "UpgradeRequest", "UpgradeResponse"
    ),
    "ConfigureProvider": Procedure("configure", "ConfigureRequest", "ConfigureResponse"),
    "ReadResource": Procedure("read_resource", "ReadRequest", "ReadResponse"),
    "PlanResourceChange": Procedure("plan_resource_change", "PlanRequest", "PlanResponse"),
    "ApplyResourceChange": Procedure("apply_resource_change", "ApplyRequest", "ApplyResponse"),
    "ImportResourceState": Procedure("import_resource_state", "ImportRequest", "ImportResponse"),
    "ReadDataSource": Procedure("read_data_source", "DataSourceRequest", "DataSourceResponse"),
    "OpenEphemeralResource": Procedure("open_ephemeral_resource", "OpenRequest", "OpenResponse"),
    "CloseEphemeralResource": Procedure(
        "close_ephemeral_resource", "CloseRequest", "CloseResponse"
    ),
    "StopProvider": Procedure("stop", "StopRequest", "StopResponse"),
}

_FIELD = re.compile(r"(repeated )?(\w+) (\w+) (\d+)( oneof)?")
_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bool": _Field.TYPE_BOOL,
    "bytes": _Field.TYPE_BYTES,
    "int64": _Field.TYPE_INT64,
    "string": _Field.TYPE_STRING,
}


def _message_classes() -> Mapping[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="tfplugin6.proto", package="tfplugin6", syntax="proto3"
    )
    for line in filter(None, _DECLARATIONS.splitlines()):
        name, _, fields = line.partition(" ")
        _declare(file.message_type.add(name=name), fields)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        message.name: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"tfplugin6.{message.name}")
        )
        for message in file.message_type
    }


def _declare(message: descriptor_pb2.DescriptorProto, fields: str) -> None:
    for repeated, kind, name, number, oneof in _FIELD.findall(fields):
        field = message.field.add(name=name, number=int(number))
        field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
        if kind in _SCALARS:
            field.type = _SCALARS[kind]
        else:
            field.type = _Field.TYPE_MESSAGE
            field.type_name = f".tfplugin6.{kind}"
        if oneof:
            if not message.oneof_decl:
                message.oneof_decl.add(name="selector")
            field.oneof_index = 0


MESSAGES: Mapping[str, Any] = _message_classes()
"""Message name -> its class. Example: `MESSAGES["Schema"](version=1)`."""
