"""The ranges of AWS, chosen from a copy of the file it publishes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from policyscan.errors import ConfigError
from policyscan.planner.data_sources import Answer, read_ip_ranges
from tests.planner.conftest import Configuration
from tests.planner.test_answers import plan

FILE = {
    "syncToken": "1700000000",
    "createDate": "2023-11-14-22-13-20",
    "prefixes": [
        {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "EC2"},
        {"ip_prefix": "192.0.2.0/25", "region": "eu-west-1", "service": "EC2"},
        {"ip_prefix": "203.0.113.0/24", "region": "us-east-1", "service": "EC2"},
        {"ip_prefix": "192.0.2.128/25", "region": "GLOBAL", "service": "CLOUDFRONT"},
    ],
    "ipv6_prefixes": [
        {"ipv6_prefix": "2001:db8::/32", "region": "eu-west-1", "service": "EC2"},
    ],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ip-ranges.json"
    path.write_text(json.dumps(FILE))
    return path


def test_ranges_are_those_of_the_services_and_regions_asked_for(
    configuration: Configuration, file: Path
) -> None:
    configuration.write("""
      data "aws_ip_ranges" "here" {
        regions  = ["eu-west-1"]
        services = ["ec2"]
      }
      data "aws_ip_ranges" "all" { services = ["CloudFront", "EC2"] }
      output "here" { value = data.aws_ip_ranges.here }
      output "all" { value = data.aws_ip_ranges.all.cidr_blocks }
    """)
    given = Answer("aws_ip_ranges", ranges=read_ip_ranges(file, "data.yaml:1"))
    planned = plan(configuration, given)
    here = planned.output("here")
    assert here["cidr_blocks"] == ["192.0.2.0/25", "198.51.100.0/24"]
    assert here["ipv6_cidr_blocks"] == ["2001:db8::/32"]
    assert (here["sync_token"], here["create_date"]) == (1700000000, "2023-11-14-22-13-20")
    assert len(planned.output("all")) == 4
    assert planned.outcome.stand_ins == ()


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"prefixes": []}', json.dumps({**FILE, "syncToken": "x"})]
)
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    start = re.escape(f"data.yaml:1: {path} is not the ip-ranges.json that AWS publishes: ")
    with pytest.raises(ConfigError, match=f"^{start}[^\n]+$"):
        read_ip_ranges(path, "data.yaml:1")
    path.unlink()
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_ip_ranges(path, "data.yaml:1")
