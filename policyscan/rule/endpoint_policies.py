"""VPC endpoint policies: whether one lets a task pull its image."""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.graph import ResourceGraph
from policyscan.plan import Absent, Resource
from policyscan.rule.documents import Documents
from policyscan.rule.network import ENDPOINT
from policyscan.rule.policy import ACCOUNT, Document, Wanted

_POLICY = "aws_vpc_endpoint_policy"
_REPOSITORIES = Wanted("arn:*:ecr:*:*:repository/*")


class EndpointPolicies:
    """The policies of a plan's endpoints, written in them or in a resource of their own."""

    def __init__(self, graph: ResourceGraph, documents: Documents) -> None:
        self._graph = graph
        self._documents = documents

    def refused(self, endpoint: Resource, service: str, region: str) -> str:
        """A call of a pull that an endpoint's policy allows nobody, "" when there is none.

        Conditions and principals are taken to fit: only what no statement names is refused.
        """
        calls = tuple(_calls(service, region))
        for holder in (endpoint, *self._own(endpoint)):
            if isinstance(holder.value("policy"), Absent):
                continue
            document = self._documents.of(holder, "policy")
            for action, wanted in calls:
                if not document.unresolved and not self._may_allow(document, action, wanted):
                    return f"{action} on {wanted.arn}"
        return ""

    def _may_allow(self, document: Document, action: str, wanted: Wanted) -> bool:
        return any(
            statement.allows
            and statement.names_action(action) is not False
            and statement.may_cover(wanted, self._documents.arn_of)
            for statement in document.statements
        )

    def _own(self, endpoint: Resource) -> Iterator[Resource]:
        """The policies that stand apart from the endpoint they are for, and for no other."""
        by = {_POLICY: "vpc_endpoint_id"}
        for policy in self._graph.joins(by, [ENDPOINT]).standing(endpoint.address):
            if len(self._graph.resolve(policy, by[_POLICY], [ENDPOINT]).targets) == 1:
                yield policy


def _calls(service: str, region: str) -> Iterator[tuple[str, Wanted]]:
    """What a pull from private ECR calls through an endpoint.

    Source: Amazon ECR User Guide, "Amazon ECR interface VPC endpoints", minimum S3 permissions.
    """
    match service:
        case "ecr.api":
            yield "ecr:GetAuthorizationToken", ACCOUNT
        case "ecr.dkr":
            yield "ecr:BatchGetImage", _REPOSITORIES
            yield "ecr:GetDownloadUrlForLayer", _REPOSITORIES
        case "s3":
            yield "s3:GetObject", Wanted(f"arn:aws:s3:::prod-{region}-starport-layer-bucket/*")
