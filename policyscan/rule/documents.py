"""Where a policy document is written: as JSON, as a Template, or in a data source's blocks."""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.graph import Confidence, ResourceGraph
from policyscan.plan import Absent, Known, Resource, Taken, Template, Unknown
from policyscan.rule.policy import OPEN, Condition, Document, Statement, Text, read_document

_ANY = "arn:*"
DOCUMENT = "aws_iam_policy_document"
_JSON = ("json", "minified_json")
_MERGED = ("source_policy_documents", "override_policy_documents")
_ARNS = {
    "aws_cloudwatch_log_group": ("name", "arn:*:logs:*:*:log-group:{}"),
    "aws_ecr_repository": ("name", "arn:*:ecr:*:*:repository/{}"),
    "aws_kms_key": ("key_id", "arn:*:kms:*:*:key/{}"),
    "aws_s3_bucket": ("bucket", "arn:*:s3:::{}"),
    "aws_secretsmanager_secret": ("name", "arn:*:secretsmanager:*:*:secret:{}-??????"),
    "aws_ssm_parameter": ("name", "arn:*:ssm:*:*:parameter/{}"),
}
"""The attribute that names a resource within its ARN, and the ARN it will get."""


class Documents:
    """The policy documents of a plan."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._read: dict[str, Document] = {}
        self._held: dict[tuple[str, str], Document] = {}

    def of(self, resource: Resource, path: str) -> Document:
        """The document an attribute holds."""
        key = resource.address, path
        if key not in self._held:
            self._held[key] = self._of(resource, path)
        return self._held[key]

    def _of(self, resource: Resource, path: str) -> Document:
        where = f"{resource.address}.{path}"
        match resource.value(path):
            case Absent():
                return Document(address=resource.address)
            case Known(text):
                return _parsed(str(text), where, resource)
            case Unknown(template=Template(is_derived=False) as template):
                return _parsed(template, where, resource)
        found = self._graph.resolve(resource, path, [DOCUMENT])
        sources = [self._graph.resource(target.address) for target in found.targets]
        if len(found.targets) == 1 and (source := sources[0]) is not None:
            (target,) = found.targets
            if target.attribute in _JSON and target.confidence is Confidence.EXACT:
                return self.of_source(source)
        why = "; ".join(found.unresolved) or self._graph.advice
        return Document((), (f"{where} is known only after apply: {why}",), resource.address)

    def of_source(self, source: Resource) -> Document:
        """The document of an `aws_iam_policy_document`, read already or still to be read."""
        if source.address not in self._read:
            self._read[source.address] = self._of_source(source)
        return self._read[source.address]

    def _of_source(self, source: Resource) -> Document:
        merged = [name for name in _MERGED if not isinstance(source.value(name), Absent)]
        if merged and isinstance(text := source.value("json"), Known):
            return _parsed(str(text.value), f"{source.address}.json", source)
        graph = self._graph
        unresolved = [
            f"{source.address}.{name} brings statements only apply will tell; {graph.advice}"
            for name in merged
        ]
        blocks = source.elements("statement")
        if any(isinstance(each, Unknown) for each in blocks) and not source.count_of("statement"):
            late = f"the statements of {source.address} are known only after apply; {graph.advice}"
            unresolved.append(late)
            blocks = ()
        statements = tuple(
            self._statement(source, f"statement[{index}]") for index in range(len(blocks))
        )
        return Document(statements, tuple(unresolved), source.address)

    def _statement(self, source: Resource, place: str) -> Statement:
        no_actions, no_resources, no_principals = (
            bool(source.elements(f"{place}.{name}"))
            for name in ("not_actions", "not_resources", "not_principals")
        )
        principals = f"{place}.{'not_' if no_principals else ''}principals"
        return Statement(
            allows=source.value(f"{place}.effect") != Known("Deny"),
            actions=self._texts(source, f"{place}.{'not_' if no_actions else ''}actions"),
            resources=self._texts(source, f"{place}.{'not_' if no_resources else ''}resources"),
            principals=tuple(self._principals(source, principals)),
            conditions=tuple(self._conditions(source, f"{place}.condition")),
            excepts_actions=no_actions,
            excepts_resources=no_resources,
            excepts_principals=no_principals,
            place=place,
        )

    def _principals(self, source: Resource, path: str) -> Iterator[tuple[str, Text]]:
        for index in range(len(source.elements(path))):
            kind = source.value(f"{path}[{index}].type")
            named = str(kind.value) if isinstance(kind, Known) else ""
            for each in self._texts(source, f"{path}[{index}].identifiers"):
                yield named, each

    def _conditions(self, source: Resource, path: str) -> Iterator[Condition]:
        for index in range(len(source.elements(path))):
            test, key = (source.value(f"{path}[{index}].{name}") for name in ("test", "variable"))
            yield Condition(str(test), str(key), self._texts(source, f"{path}[{index}].values"))

    def _texts(self, source: Resource, path: str) -> tuple[Text, ...]:
        """The members of a list of texts; of those only apply tells, what they start from."""
        found: list[Text] = []
        for each in source.elements(path):
            match each:
                case Known(value):
                    found.append(str(value))
                case Unknown(template=Template() as template):
                    found.append(template)
                case Unknown():
                    found += self._started(source, path)
        return tuple(dict.fromkeys(found))

    def _started(self, source: Resource, path: str) -> tuple[Text, ...]:
        """Unknown texts by the instances they refer to; what stands around these is not told."""
        found = self._graph.resolve(source, path)
        sure = all(target.confidence is Confidence.EXACT for target in found.targets)
        if found.is_open or found.literals or not sure or self._has_constants(source, path):
            return (OPEN,)
        return tuple(
            Template((Taken(target.address, target.attribute, is_whole=False),))
            for target in found.targets
        )

    def _has_constants(self, source: Resource, path: str) -> bool:
        """Whether constants may stand beside the references, which a plan does not list then."""
        written = self._graph.written.expression(source.module_path, source.config_address, path)
        return written is None or '"arn:' in written.text or '"*' in written.text

    def arn_of(self, address: str, attribute: str) -> str:
        """What an `arn` will look like, with `*` for what is not known before apply."""
        resource = self._graph.resource(address)
        if resource is None:
            return _ANY
        own = resource.value(attribute)
        if isinstance(own, Known):
            return str(own.value)
        if attribute != "arn" or resource.type not in _ARNS:
            return _ANY
        path, form = _ARNS[resource.type]
        match resource.value(path):
            case Known(value) if resource.type == "aws_ssm_parameter":
                # Its name starts with a slash or not; its ARN has one either way.
                return form.format(str(value).lstrip("/"))
            case Known(value):
                return form.format(value)
            case _:
                return form.format("*")


def _parsed(text: Text, where: str, resource: Resource) -> Document:
    try:
        return Document(read_document(text), (), resource.address)
    except ValueError:
        return Document(
            (), (f"{where} is no policy document: write one with jsonencode",), resource.address
        )
