"""IAM roles: who may take them on, and what their policies let them do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from heapq import merge
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from policyscan.graph import Confidence, Resolution, ResourceGraph, Target
from policyscan.plan import Absent, Known, Resource, Template, Unknown
from policyscan.rule.documents import Documents
from policyscan.rule.policy import Document, Wanted, read_statement
from policyscan.rule.tables import load_table

ROLE = "aws_iam_role"
POLICY = "aws_iam_policy"
INLINE = "aws_iam_role_policy"
ATTACHMENT = "aws_iam_role_policy_attachment"
_ATTACHMENTS = {ATTACHMENT: "role", "aws_iam_policy_attachment": "roles"}
_RESOURCE_POLICIES = {
    "aws_ecr_repository_policy": "repository",
    "aws_kms_key_policy": "key_id",
    "aws_s3_bucket_policy": "bucket",
    "aws_secretsmanager_secret_policy": "secret_arn",
}
_EXCLUSIVE = {
    "aws_iam_role_policies_exclusive": "policy_names",
    "aws_iam_role_policy_attachments_exclusive": "policy_arns",
}


class Answer(StrEnum):
    """Whether a role may do something; `unknown` where a policy may still bring it."""

    YES = "yes"
    NO = "no"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Attached(Struct, frozen=True):
    """A policy a role has: `address` and `attribute` attach it, `document` is what it says.

    `name` is what to call it. `is_sure`: the edges that attach it are exact.
    """

    address: str
    attribute: str
    name: str
    document: Document
    is_sure: bool = True


class Permission(Struct, frozen=True):
    """The answer to one question, the policy that decides and why it is not a plain one."""

    answer: Answer
    by: Attached | None = None
    why: str = ""


class Role(Struct, frozen=True):
    """A role, the policies it will have, and the first reason why it may have others."""

    resource: Resource
    trust: Document
    policies: tuple[Attached, ...]
    boundary: Attached | None = None
    unresolved: tuple[str, ...] = ()


class Roles:
    """The roles of a plan, each read once."""

    def __init__(self, graph: ResourceGraph, documents: Documents) -> None:
        self._graph = graph
        self.documents = documents
        self._read: dict[str, Role] = {}

    @cached_property
    def all(self) -> tuple[Role, ...]:
        """Every role that stands after the plan."""
        return tuple(self.of(each) for each in self._graph.of_type(ROLE) if not each.is_deleted)

    def of(self, role: Resource) -> Role:
        """A role with its policies."""
        if role.address not in self._read:
            found = tuple(self._policies(role))
            kept = tuple(each for each in found if not self._is_removed(role, each))
            self._read[role.address] = Role(
                role,
                self.documents.of(role, "assume_role_policy"),
                kept,
                self._boundary(role),
                tuple(islice(self._doubts(role), 1)),
            )
        return self._read[role.address]

    def may(self, role: Role, action: str, wanted: Wanted) -> Permission:
        """Whether a role may do an action on a resource: what is allowed, less what is denied."""
        own = self._asked(role.policies, action, wanted)
        if own.answer is Answer.NO and role.unresolved:
            return Permission(Answer.UNKNOWN, None, role.unresolved[0])
        if own.answer is Answer.NO and (other := self._own_policy(wanted.address)):
            return Permission(Answer.UNKNOWN, None, f"{other} may allow it")
        if own.answer is not Answer.YES or role.boundary is None:
            return own
        bound = self._asked((role.boundary,), action, wanted)
        if bound.answer is Answer.NO:
            return Permission(
                Answer.DENIED, role.boundary, "its permissions boundary leaves it out"
            )
        # A boundary that nobody can read says nothing against what the policies allow.
        return bound if bound.answer is Answer.DENIED else own

    def _own_policy(self, address: str) -> str:
        """What may let a role in from the other side: a policy of the resource itself."""
        resource = self._graph.resource(address)
        own = resource.value("policy") if resource is not None else Absent()
        if not isinstance(own, Absent | Known) or (isinstance(own, Known) and own.value):
            return f"{address}.policy"
        for kind, path in _RESOURCE_POLICIES.items():
            for policy in self._graph.joins({kind: path}).standing(address):
                return policy.address
        return ""

    def _asked(self, policies: tuple[Attached, ...], action: str, wanted: Wanted) -> Permission:
        allowed, maybe, denied = None, "", ""
        for policy in policies:
            maybe = maybe or next(iter(policy.document.unresolved), "")
            for statement in policy.document.statements:
                names = statement.names_action(action)
                covers = statement.may_cover(wanted, self.documents.arn_of)
                if names is False or not covers:
                    continue
                if statement.allows:
                    allowed = allowed or (policy if names else None)
                    maybe = maybe or ("" if names else f"the actions of {policy.name}")
                elif not statement.conditions:
                    if names and statement.surely_covers(wanted):
                        return Permission(Answer.DENIED, policy, f"{policy.name} denies it")
                    denied = denied or f"{policy.name} may deny it"
        if allowed is not None and denied:
            return Permission(Answer.UNKNOWN, None, denied)
        if allowed is not None:
            return Permission(Answer.YES, allowed)
        return Permission(Answer.UNKNOWN, None, maybe) if maybe else Permission(Answer.NO)

    @cached_property
    def _holders(self) -> Mapping[str, Mapping[str, Role]]:
        """Roles by address, by the addresses and the names of the policies they have."""
        found: dict[str, dict[str, Role]] = {}
        for role in self.all:
            for policy in role.policies:
                for name in (policy.address, policy.name):
                    found.setdefault(name, {})[role.resource.address] = role
        return found

    def with_policy(self, policy: Resource) -> tuple[Role, ...]:
        """The roles that have a policy, in order of address."""
        return tuple(self._holders.get(policy.address, {}).values())

    # -- what is attached ---------------------------------------------------------------------

    def _policies(self, role: Resource) -> Iterator[Attached]:
        yield from self._inside(role)
        for policy, edge in self._joined({INLINE: "role"}, role):
            document = self.documents.of(policy, "policy")
            sure = edge.confidence is Confidence.EXACT
            yield Attached(policy.address, "policy", policy.address, document, is_sure=sure)
        for kind, path in _ATTACHMENTS.items():
            for attachment, edge in self._joined({kind: path}, role):
                yield from self._attached(attachment, "policy_arn", edge)
        if role.expressions("managed_policy_arns"):
            yield from self._attached(role, "managed_policy_arns", None)
        else:
            yield from self._attached_elsewhere(role)

    def _joined(self, by: Mapping[str, str], role: Resource) -> Iterator[tuple[Resource, Target]]:
        """What is attached to a role, and the edge that says so."""
        for holder, edges in self._graph.joins(by, [ROLE]).to(role.address):
            edge = next((each for each in edges if each.is_sure), None)
            if edge is not None and not holder.is_deleted:
                yield holder, edge

    def _doubts(self, role: Resource) -> Iterator[str]:
        """Why something else may be attached to a role, in the order it is looked for."""
        for kind, path in ((INLINE, "role"), *_ATTACHMENTS.items()):
            joins = self._graph.joins({kind: path}, [ROLE])
            unsure = [
                holder
                for holder, edges in joins.to(role.address)
                if not any(each.is_sure for each in edges)
            ]
            for join in merge(unsure, joins.loose, key=lambda each: each.address):
                if not join.is_deleted:
                    yield (
                        f"which role {join.address} belongs to is not in the plan; "
                        f"{self._graph.advice}"
                    )

    @cached_property
    def _inline_names(self) -> frozenset[str]:
        """What inline policies were called that resources of the plan hold."""
        return frozenset(
            str(name.value)
            for policy in self._graph.of_type(INLINE)
            if isinstance(name := policy.before_value("name"), Known)
        )

    def _inside(self, role: Resource) -> Iterator[Attached]:
        """The inline policies in the role's own block, or that AWS held when it was read."""
        is_written = bool(role.expressions("inline_policy"))
        for index in range(len(role.elements("inline_policy"))):
            path = f"inline_policy[{index}]"
            name = role.value(f"{path}.name")
            if is_written or (
                isinstance(name, Known) and str(name.value) not in self._inline_names
            ):
                document = self.documents.of(role, f"{path}.policy")
                shown = f"the inline policy {name} of {role.address}"
                yield Attached(role.address, f"{path}.policy", shown, document)

    def _attached(self, join: Resource, path: str, by: Target | None) -> Iterator[Attached]:
        """The managed policies an attribute names by their ARNs."""
        found = self._graph.resolve(join, path, [POLICY])
        is_sure = by is None or by.confidence is Confidence.EXACT
        named = False
        for target in found.targets:
            policy = self._graph.resource(target.address)
            if policy is not None:
                named = True
                document = self._managed(policy)
                if target.confidence is Confidence.AMBIGUOUS:
                    why = f"whether {join.address} attaches {policy.address} is not in the plan; "
                    why += self._graph.advice
                    document = replace(document, statements=(), unresolved=(why,))
                yield Attached(join.address, path, policy.address, document, is_sure=is_sure)
        for arn in _arns(found):
            named = True
            yield Attached(join.address, path, arn, self._by_arn(arn), is_sure=is_sure)
        if found.is_open or not (named or isinstance(found.value, Known | Absent)):
            why = f"which policy {join.address} attaches is not in the plan; {self._graph.advice}"
            yield Attached(join.address, path, join.address, Document((), (why,)))

    @cached_property
    def _attached_arns(self) -> frozenset[str]:
        """The policies that resources of the plan had attached."""
        return frozenset(
            str(arn.value)
            for attachment in self._graph.of_type(*_ATTACHMENTS)
            if isinstance(arn := attachment.before_value("policy_arn"), Known)
        )

    def _attached_elsewhere(self, role: Resource) -> Iterator[Attached]:
        """What AWS had attached to a role when it was read and no resource of the plan attaches."""
        for arn in role.elements("managed_policy_arns"):
            if isinstance(arn, Known) and str(arn.value) not in self._attached_arns:
                document = self._by_arn(str(arn.value))
                yield Attached(role.address, "managed_policy_arns", str(arn.value), document)

    def _managed(self, policy: Resource) -> Document:
        if policy.mode == "data" and not isinstance(policy.value("policy"), Known):
            for path in ("arn", "name"):
                match policy.value(path):
                    case Known(value):
                        return self._by_arn(str(value))
        return self.documents.of(policy, "policy")

    def _by_arn(self, arn: str) -> Document:
        """What a policy AWS keeps says, as far as the table holds it."""
        statements = load_table("managed_policies")["policies"].get(arn.rpartition("/")[2])
        if statements is None or (arn.startswith("arn:") and ":iam::aws:" not in arn):
            return Document((), (f"what {arn} allows is not in the plan: look it up",))
        return Document(tuple(read_statement(each) for each in statements))

    def _is_removed(self, role: Resource, policy: Attached) -> bool:
        """Whether a resource that keeps the only list of a role's policies drops this one."""
        for kind, path in _EXCLUSIVE.items():
            joins = self._graph.joins({kind: "role_name"}, [ROLE])
            for exclusive in joins.standing(role.address):
                kept = self._graph.resolve(exclusive, path)
                name = self._name_in(policy, is_inline=path == "policy_names")
                if name and isinstance(kept.value, Known) and name not in kept.value.value:
                    return True
        return False

    def _name_in(self, policy: Attached, *, is_inline: bool) -> str:
        """A policy as an exclusive list calls it, "" when it is not of the list's kind."""
        join = self._graph.resource(policy.address)
        path = {INLINE: "name", ROLE: f"{policy.attribute.rpartition('.')[0]}.name"}
        if join is None or (join.type in path) is not is_inline:
            return ""
        value = join.value(path.get(join.type, policy.attribute))
        return str(value.value) if isinstance(value, Known) else ""

    def _boundary(self, role: Resource) -> Attached | None:
        match role.value("permissions_boundary"):
            case Absent() | Known(""):
                return None
            case Known() | Unknown():
                return next(self._attached(role, "permissions_boundary", None), None)


def _arns(found: Resolution) -> Iterator[str]:
    """The ARNs of policies outside of the plan."""
    for value in found.external:
        inner = value.value if isinstance(value.value, list) else [value.value]
        yield from (str(each) for each in inner if str(each).startswith("arn:"))
    if isinstance(found.value, Unknown) and isinstance(found.value.template, Template):
        text = found.value.template.filled(lambda _: "*")
        if ":iam::aws:policy/" in text and not found.targets:
            yield text
