from __future__ import annotations

from pathlib import Path

from policyscan.bridges.home import Checkov
from policyscan.bridges.lending import lendable
from policyscan.bridges.running import CheckovOptions, start
from policyscan.cli.inputs import SourceChoice, open_input
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan

PLAN = Path(__file__).resolve().parents[2] / "fixtures" / "checkov_edges" / "plan.json"
GROUP_IS_USED, BUCKET_IS_CLOSED = "CKV2_AWS_5", "CKV2_AWS_6"


def test_edges_are_lent_from_the_argument_of_an_instance_to_the_instance_it_means() -> None:
    graph = ResourceGraph(read_plan(PLAN.read_bytes(), PLAN.name))
    block = "aws_s3_bucket_public_access_block.second"
    assert [edge for edge in lendable(graph) if edge[0] == block] == [
        (block, "aws_s3_bucket.counted[1]", "bucket")
    ]


def test_each_verdict_that_checkovs_own_edges_make_wrong_is_right_with_ours(
    checkov: Checkov,
) -> None:
    options = CheckovOptions(check=(GROUP_IS_USED, BUCKET_IS_CLOSED), corrected=True)
    with start(checkov, PLAN, options) as running, open_input(str(PLAN), SourceChoice()) as opened:
        running.lend(lendable(opened.graph()))
        outcome = running.join()
    assert [(each.address, each.verdict, each.stock) for each in outcome.results] == [
        ("aws_security_group.local", "pass", "fail"),
        ("aws_security_group.splat[0]", "pass", "pass"),
        ("module.groups.aws_security_group.this", "pass", "fail"),
        ("aws_s3_bucket.counted[0]", "fail", "pass"),
        ("aws_s3_bucket.counted[1]", "pass", "fail"),
        ('aws_s3_bucket.each["a"]', "pass", "fail"),
        ('aws_s3_bucket.each["b"]', "pass", "fail"),
        ("module.outer.aws_s3_bucket.this", "pass", "fail"),
        ("module.outer.module.inner.aws_s3_bucket.this", "fail", "pass"),
    ]
