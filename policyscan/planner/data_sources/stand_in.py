"""Made-up answers to data sources that only a real account could give.

Everything is well-formed and follows from the data source's type and arguments, so that two
reads of the same thing agree. No string is null: configuration builds names and policies of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from policyscan.planner.data_sources.account import ACCOUNT, zone_id, zone_names
from policyscan.planner.data_sources.images import image
from policyscan.planner.schema.template import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.planner.schema import Block, TypeHints

_VPC_CIDR = "10.0.0.0/16"
_SEVERAL = 3
_ID_PREFIXES = {
    "allocation": "eipalloc", "ami": "ami", "eip": "eipalloc", "image": "ami", "instance": "i",
    "internet_gateway": "igw", "launch_template": "lt", "nat_gateway": "nat",
    "network_acl": "acl", "network_interface": "eni", "prefix_list": "pl",
    "managed_prefix_list": "pl", "route_table": "rtb", "security_group": "sg", "subnet": "subnet",
    "transit_gateway": "tgw", "ec2_transit_gateway": "tgw", "volume": "vol", "vpc": "vpc",
    "vpc_endpoint": "vpce", "ebs_volume": "vol", "ebs_snapshot": "snap", "snapshot": "snap",
    "dhcp_options": "dopt", "efs_file_system": "fs", "file_system": "fs", "key_pair": "key",
    "ec2_managed_prefix_list": "pl",
}  # fmt: skip


def stand_in(
    type_name: str, block: Block, config: Mapping[str, Any], hints: Mapping[str, TypeHints]
) -> dict[str, Any]:
    """Attribute -> made-up value, for every computed attribute; `config` has its region."""
    if type_name == "aws_ecr_image":
        return image(config)
    maker = _Maker(type_name, config, _templates(type_name, hints))
    own = _OWN[type_name](maker) if type_name in _OWN else {}
    return {
        name: own[name] if name in own else maker.attribute(name, attribute.type)
        for name, attribute in block.attributes.items()
        if attribute.computed
    }


def _templates(type_name: str, hints: Mapping[str, TypeHints]) -> dict[str, Any]:
    """Those of the resource of the same type, without what holds for any type whatever."""
    if type_name not in hints:
        return {}
    common = hints["*"].applied if "*" in hints else {}
    own = hints[type_name].applied
    return {path: own[path] for path in own if own[path] != common.get(path)}


class _Maker:
    """Makes up the attributes of one data source."""

    def __init__(
        self, type_name: str, config: Mapping[str, Any], templates: Mapping[str, Any]
    ) -> None:
        self.config = config
        self.kind = type_name.removeprefix("aws_")
        self.region = config.get("region") or "us-east-1"
        self._templates = templates
        # Where an id is given, it alone names the thing: other arguments only help to find it.
        asked = config.get("id") or config.get("arn") or config.get("name") or config
        # What may be of any type brings its type along, as bytes.
        self.seed = json.dumps([self.kind, asked], default=repr, sort_keys=True)

    def attribute(self, name: str, kind: Any) -> Any:
        if isinstance(kind, str) and (template := self._templates.get(name)) is not None:
            rendered = self._rendered(template)
            if rendered is not None:
                return rendered
        return self.value(name, kind)

    def _rendered(self, template: Any) -> Any:
        return render(
            template,
            seed=self.seed,
            attributes=self.config,
            region=self.region,
            templates=self._templates,
        )

    def value(self, name: str, kind: Any) -> Any:
        match kind:
            case "string":
                return self.text(name)
            case "number":
                return 0
            case "bool":
                return False
            case ["list" | "set", "string"]:
                return self._several(name)
            case ["list" | "set", ["object", members]]:
                return [{each: self.value(each, inner) for each, inner in members.items()}]
            case ["object", members]:
                return {each: self.value(each, inner) for each, inner in members.items()}
            case ["map", _]:
                return {}
            case _:
                return []

    def text(self, name: str) -> str:
        """A string that looks like what its name promises."""
        if name == "region":
            return self.region
        if name in {"account_id", "owner_id", "registry_id"}:
            return ACCOUNT
        if name.endswith("arn"):
            what = name.removesuffix("arn").strip("_") or self.kind.replace("_", "-")
            service = self.kind.partition("_")[0]
            return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{what}/{self.hex(name, 17)}"
        if "ipv6" in name or name.endswith("_json"):
            return "" if "ipv6" in name else "{}"
        if name.endswith("cidr_block"):
            return _VPC_CIDR
        if name == "id" or name.endswith("_id"):
            return self.identifier(name.removesuffix("id").strip("_") or self.kind, name)
        if name.endswith(("dns_name", "endpoint", "domain_name")):
            return f"{self.hex(name, 8)}.{self.region}.amazonaws.com"
        if name.endswith(("date", "_at", "_time")):
            return "2000-01-01T00:00:00Z"
        return f"{self.kind.replace('_', '-')}-{name.replace('_', '-')}-{self.hex(name, 8)}"

    def identifier(self, what: str, salt: str) -> str:
        """An id of the kind of thing `what`. Example: subnet-0a1b2c3d4e5f60718."""
        prefix = _ID_PREFIXES.get(what)
        return self.hex(salt, 17) if prefix is None else f"{prefix}-{self.hex(salt, 17)}"

    def _several(self, name: str) -> list[str]:
        """Three of what a plural names, so that spreading over zones can be judged."""
        if name == "ids" or name.endswith("_ids"):
            what = name.removesuffix("ids").strip("_") or self.kind.removesuffix("s")
            return [
                self.identifier(what, f"{name}{index}")[:-1] + f"{index}"
                for index in range(_SEVERAL)
            ]
        if name in {"arns", "names"}:
            return [self.text(f"{index}_{name.removesuffix('s')}") for index in range(_SEVERAL)]
        return []

    def hex(self, salt: str, length: int) -> str:
        return hashlib.sha256(f"{self.seed}\0{salt}".encode()).hexdigest()[:length]


def _vpc(maker: _Maker) -> dict[str, Any]:
    return {"cidr_block": _VPC_CIDR, "state": "available", "instance_tenancy": "default",
            "enable_dns_support": True, "ipv6_cidr_block": "", "cidr_block_associations": [],
            "ipv6_cidr_block_associations": [], "owner_id": ACCOUNT,
            "default": bool(maker.config.get("default"))}  # fmt: skip


def _subnet(maker: _Maker) -> dict[str, Any]:
    """Subnets of `aws_subnets` end in 0, 1, 2: that digit spreads them over zones and ranges."""
    identifier = maker.config.get("id") or maker.identifier("subnet", "id")
    number = int(identifier[-1], 16) if identifier[-1] in "0123456789abcdef" else 0
    zones = zone_names(maker.region)
    zone = maker.config.get("availability_zone") or zones[number % len(zones)]
    return {"id": identifier, "availability_zone": zone, "availability_zone_id": zone_id(zone),
            "cidr_block": f"10.0.{number * 16}.0/20", "state": "available", "owner_id": ACCOUNT,
            "available_ip_address_count": 4091, "ipv6_cidr_block": "",
            "outpost_arn": "", "customer_owned_ipv4_pool": ""}  # fmt: skip


def _ami(_maker: _Maker) -> dict[str, Any]:
    return {"architecture": "x86_64", "state": "available", "virtualization_type": "hvm",
            "root_device_type": "ebs", "root_device_name": "/dev/xvda", "hypervisor": "xen",
            "image_type": "machine", "platform": "", "block_device_mappings": [],
            "product_codes": []}  # fmt: skip


def _secret(_maker: _Maker) -> dict[str, Any]:
    """Configuration decodes secrets as JSON more often than not."""
    return {"secret_string": "{}", "secret_binary": ""}


def _eks_cluster(maker: _Maker) -> dict[str, Any]:
    """Providers of Kubernetes are configured with what decodes from its certificate."""
    certificate = base64.b64encode(maker.hex("certificate", 32).encode()).decode()
    return {"certificate_authority": [{"data": certificate}],
            "endpoint": f"https://{maker.text('endpoint')}"}  # fmt: skip


def _load_balancer(_maker: _Maker) -> dict[str, Any]:
    return {"load_balancer_type": "application", "ip_address_type": "ipv4", "access_logs": [],
            "connection_logs": [], "health_check_logs": [], "subnet_mapping": [],
            "ipam_pools": [], "idle_timeout": 60}  # fmt: skip


_OWN = {
    "aws_alb": _load_balancer,
    "aws_ami": _ami,
    "aws_eks_cluster": _eks_cluster,
    "aws_lb": _load_balancer,
    "aws_secretsmanager_secret_version": _secret,
    "aws_subnet": _subnet,
    "aws_vpc": _vpc,
}
