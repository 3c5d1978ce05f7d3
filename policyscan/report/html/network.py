"""The network as architects draw it: VPC, zones as columns, tiers by where their routes lead.

What stands where and who reaches whom is told by the models that rules ask; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from policyscan.engine.redact import Redaction
from policyscan.plan import Known, Resource, Value
from policyscan.plan.address import module_text
from policyscan.report.html.layout import placed, size_of
from policyscan.report.html.reach import traffic
from policyscan.report.html.resources import cell_of
from policyscan.report.html.scene import BAND, Arrangement, Arrow, Cell, Scene
from policyscan.rule import Exit, Platform
from policyscan.rule.balancing import LOAD_BALANCERS
from policyscan.rule.network import ENDPOINT

_INTERNET: Final = "@internet"
_GATEWAYS: Final = ("aws_internet_gateway", "aws_egress_only_internet_gateway")
_TIERS: Final = {
    Exit.INTERNET_GATEWAY: ("public", "public"),
    Exit.NAT: ("private", "private, out by NAT"),
    Exit.EGRESS_ONLY: ("private", "private, out by IPv6"),
    Exit.OTHER: ("private", "private, to another network"),
    Exit.NONE: ("isolated", "no way out"),
    Exit.UNKNOWN: ("isolated", "routes not told"),
}
"""How a subnet is drawn and called, by where its default route leads."""
_WORDS: Final = {
    "aws_internet_gateway": "internet gateway",
    "aws_egress_only_internet_gateway": "egress-only gateway",
    "aws_nat_gateway": "NAT",
    "aws_lb": "load balancer",
    "aws_alb": "load balancer",
    "aws_ecs_service": "service",
}
_SERVICE: Final = (270, 46)
_SUBNET: Final = (430, 64)
_ORDER: Final = ("public", "private", "isolated")


def network_scene(platform: Platform, redaction: Redaction) -> Scene:
    """The VPCs of a plan with what stands in them; without boxes where it has no subnets."""
    return _Picture(platform, redaction).scene()


class _Picture:
    def __init__(self, platform: Platform, redaction: Redaction) -> None:
        self._platform = platform
        self._network = platform.network
        self._graph = platform.graph
        self._redaction = redaction
        subnets = self._graph.of_type("aws_subnet", "aws_default_subnet")
        self._subnets = [each for each in subnets if not each.is_deleted]
        # A service stands in every subnet its tasks run in; its first box has its own address.
        self._copies: dict[str, list[str]] = {}

    def scene(self) -> Scene:
        if not self._subnets:
            return Scene()
        homes: dict[str, list[Resource]] = {}
        for subnet in self._subnets:
            homes.setdefault(self._home(subnet), []).append(subnet)
        vpcs = [self._vpc(address, members) for address, members in sorted(homes.items())]
        internet = Cell(_INTERNET, "internet", "Internet", "every address")
        root = Cell(
            "",
            BAND,
            cells=(internet, Cell("@vpcs", BAND, cells=tuple(vpcs))),
            arrangement=Arrangement.COLUMN,
        )
        return placed(root, [*self._routes(), *self._traffic()])

    # -- what stands where -------------------------------------------------------------------------

    def _home(self, subnet: Resource) -> str:
        found = self._network.vpcs_of(subnet)
        return found[0].address if len(found) == 1 else ""

    def _vpc(self, address: str, subnets: list[Resource]) -> Cell:
        vpc = self._graph.resource(address)
        title = self._shown(address) if vpc else "a VPC outside of this plan"
        rows = [
            self._row(f"@doors {address}", (*self._gateways(address), *self._balancers(subnets))),
            self._zones(address, subnets),
            self._row(f"@endpoints {address}", self._endpoints(address)),
        ]
        return Cell(
            self._shown(address) or "@vpc",
            "vpc",
            title,
            self._text(vpc.value("cidr_block")) if vpc else "",
            address=self._shown(address),
            cells=tuple(row for row in rows if row.cells),
            arrangement=Arrangement.COLUMN,
        )

    def _row(self, key: str, cells: Iterable[Cell]) -> Cell:
        found = tuple(cells)
        return Cell(self._shown(key), BAND, cells=found, arrangement=Arrangement.ROW)

    def _gateways(self, vpc: str) -> Iterator[Cell]:
        for gateway in self._graph.of_type(*_GATEWAYS):
            holders = (gateway, *self._network.attachments_of(gateway))
            homes = {each.address for one in holders for each in self._network.vpcs_of(one)}
            if vpc in homes and not gateway.is_deleted:
                yield self._cell(gateway, "gateway")

    def _balancers(self, subnets: list[Resource]) -> Iterator[Cell]:
        here = {each.address for each in subnets}
        for balancer in self._graph.of_type(*LOAD_BALANCERS):
            stands = self._platform.balancing.subnets_of(balancer)
            if not balancer.is_deleted and any(each.address in here for each in stands.sure):
                yield self._cell(balancer, "balancer")

    def _endpoints(self, vpc: str) -> Iterator[Cell]:
        for endpoint in self._graph.of_type(ENDPOINT):
            homes = {each.address for each in self._network.vpcs_of(endpoint)}
            if vpc in homes and not endpoint.is_deleted:
                name = self._text(endpoint.value("service_name")).rpartition("com.amazonaws.")[2]
                yield replace(self._cell(endpoint, "endpoint"), note=f"endpoint {name}".strip())

    def _zones(self, vpc: str, subnets: list[Resource]) -> Cell:
        zones: dict[str, list[Resource]] = {}
        for subnet in subnets:
            zones.setdefault(self._text(self._network.zone(subnet)), []).append(subnet)
        columns = {zone: self._tiers(zones[zone]) for zone in sorted(zones)}
        # What is of one tier is as high in every zone, so that tiers are rows.
        heights = {
            tier: max(size_of(column[tier])[1] for column in columns.values() if tier in column)
            for tier in _ORDER
            if any(tier in column for column in columns.values())
        }
        cells = tuple(
            Cell(
                self._shown(f"@zone {zone} {vpc}"),
                "zone",
                zone or "zone not told",
                cells=tuple(
                    replace(
                        column.get(tier, Cell(f"@{tier} {zone} {vpc}", BAND)),
                        least=(0, height),
                    )
                    for tier, height in heights.items()
                ),
                arrangement=Arrangement.COLUMN,
            )
            for zone, column in columns.items()
        )
        return Cell(f"@zones {vpc}", BAND, cells=cells, arrangement=Arrangement.ROW)

    def _tiers(self, subnets: list[Resource]) -> dict[str, Cell]:
        found: dict[str, list[Cell]] = {}
        for subnet in subnets:
            tier, note = _TIERS[self._network.egress(subnet).exit]
            found.setdefault(tier, []).append(self._subnet(subnet, tier, note))
        return {
            tier: Cell(
                f"@tier {cells[0].key}",
                BAND,
                "",
                cells=tuple(cells),
                arrangement=Arrangement.COLUMN,
            )
            for tier, cells in found.items()
        }

    def _subnet(self, subnet: Resource, tier: str, note: str) -> Cell:
        nats = (
            self._cell(each, "gateway")
            for each in self._graph.of_type("aws_nat_gateway")
            if not each.is_deleted and subnet in self._network.subnets_of(each)
        )
        tasks = (
            self._service(tenant.service.resource, subnet)
            for tenant in self._platform.placements.in_subnet(subnet)
        )
        block = self._text(subnet.value("cidr_block"))
        return Cell(
            self._shown(subnet.address),
            tier,
            self._cell(subnet, tier).title,
            f"{note} {block}".strip(),
            address=self._shown(subnet.address),
            cells=(*nats, *tasks),
            arrangement=Arrangement.COLUMN,
            least=_SUBNET,
        )

    def _service(self, service: Resource, subnet: Resource) -> Cell:
        cell = self._cell(service, "service")
        copies = self._copies.setdefault(cell.key, [])
        if copies:
            cell = replace(cell, key=self._shown(f"@{service.address} in {subnet.address}"))
        copies.append(cell.key)
        return cell

    # -- what leads where --------------------------------------------------------------------------

    def _routes(self) -> Iterator[Arrow]:
        for subnet in self._subnets:
            here = self._shown(subnet.address)
            egress = self._network.egress(subnet)
            for nat in egress.nats:
                yield Arrow(here, self._shown(nat.address), "route", "default route")
            if egress.exit is Exit.INTERNET_GATEWAY:
                for gateway in self._network.gateways_of(subnet):
                    yield Arrow(here, self._shown(gateway.address), "route", "default route")
        for gateway in self._graph.of_type(*_GATEWAYS):
            yield Arrow(self._shown(gateway.address), _INTERNET, "route")

    def _traffic(self) -> Iterator[Arrow]:
        for caller, called, kind, port in traffic(self._platform):
            start = self._shown(caller) if caller else _INTERNET
            ends = self._copies.get(self._shown(called), [self._shown(called)])
            for end in ends[:1] if start in self._copies else ends:
                yield Arrow(start, end, kind, port)

    # -- words -------------------------------------------------------------------------------------

    def _cell(self, resource: Resource, kind: str) -> Cell:
        """Called by what it is, and by its module: half of all resources are named `this`."""
        cell = cell_of(resource, self._redaction.address)
        module = self._shown(module_text(resource.module))
        title = f"{_WORDS.get(resource.type, '')} {cell.title}".strip()
        if kind == "service" and module:
            step = self._shown(str(resource.module[-1])).removeprefix("module.")
            return replace(cell, kind=kind, title=step, note=title, least=_SERVICE)
        return replace(cell, kind=kind, title=title, note=module or cell.note)

    def _shown(self, address: str) -> str:
        return self._redaction.address(address)

    def _text(self, value: Value) -> str:
        """A value as it may be shown, "" where it is not known or secret."""
        if not isinstance(value, Known) or value.is_sensitive:
            return ""
        return self._redaction.text(str(value.value))
