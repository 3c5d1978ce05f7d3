"""Attributes that outlast a destroy, as the table tells them."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.rule import Certainty, Flag, flags_of_kind
from tests.rule.platforms import Refs, made, platform_of, standing


def flags(kind: str, address: str, **arguments: Any) -> tuple[Flag, ...]:
    [(_, found)] = flags_of_kind(platform_of(made(address, **arguments)).graph, kind)
    return found


@pytest.mark.parametrize(
    ("kind", "address", "arguments", "is_bad"),
    [
        ("final-snapshot", "aws_db_instance.d", {"skip_final_snapshot": True}, False),
        ("final-snapshot", "aws_db_instance.d", {"skip_final_snapshot": False}, True),
        ("final-snapshot", "aws_db_instance.d", {}, True),
        ("final-snapshot", "aws_db_instance.d", {"skip_final_snapshot": Refs()}, None),
        ("final-snapshot", "aws_memorydb_cluster.m", {}, False),
        ("final-snapshot", "aws_memorydb_cluster.m", {"final_snapshot_name": "x"}, True),
        ("recovery-window", "aws_kms_key.k", {"deletion_window_in_days": 7}, False),
        ("recovery-window", "aws_kms_key.k", {"deletion_window_in_days": 8}, True),
        ("recovery-window", "aws_kms_key.k", {}, True),
        ("lock", "aws_storagegateway_tape_pool.p", {"retention_lock_type": "GOVERNANCE"}, True),
        ("lock", "aws_storagegateway_tape_pool.p", {}, False),
        ("retain", "aws_cloudwatch_log_group.g", {"skip_destroy": True}, True),
        ("retain", "aws_organizations_account.a", {"close_on_deletion": True}, False),
        ("lock", "aws_s3_object.o", {"object_lock_legal_hold_status": "ON"}, True),
        (
            *("lock", "aws_s3_object.o"),
            {"object_lock_legal_hold_status": "ON", "force_destroy": True},
            False,
        ),
        (
            *("lock", "aws_s3_object.o"),
            {"object_lock_legal_hold_status": "ON", "force_destroy": Refs()},
            None,
        ),
    ],
)
def test_a_flag_is_bad_as_its_row_says(
    kind: str, address: str, arguments: dict[str, Any], *, is_bad: bool | None
) -> None:
    [flag] = flags(kind, address, **arguments)
    assert flag.is_bad is is_bad


def test_a_flag_in_blocks_is_asked_of_each_block() -> None:
    blocks = [{"device_name": "a", "delete_on_termination": each} for each in (True, False)]
    found = flags("retain", "aws_instance.i", ebs_block_device=blocks)
    assert [(flag.path, flag.is_bad) for flag in found] == [
        ("ebs_block_device[0].delete_on_termination", False),
        ("ebs_block_device[1].delete_on_termination", True),
    ]


def test_a_block_that_is_not_there_counts_where_its_absence_is_bad() -> None:
    [flag] = flags("retain", "aws_sagemaker_domain.d")
    assert (flag.path, flag.is_bad) == ("retention_policy", True)
    assert str(flag) == 'leaves retention_policy unset, and unset it is "Retain"'
    assert flags("lock", "aws_s3_bucket_object_lock_configuration.c") == ()


def test_what_is_deleted_has_no_flags() -> None:
    gone = standing("aws_db_instance.d", "delete", skip_final_snapshot=False)
    assert list(flags_of_kind(platform_of(gone).graph, "final-snapshot")) == []


def test_a_guessed_default_is_only_inferred() -> None:
    [guess] = flags("lock", "aws_storagegateway_tape_pool.p")
    [told] = flags("lock", "aws_storagegateway_tape_pool.p", retention_lock_type="NONE")
    assert (guess.certainty, told.certainty) == (Certainty.INFERRED, Certainty.PROVEN)


def test_the_attribute_that_has_to_be_known_is_the_one_that_is_not() -> None:
    [flag] = flags("lock", "aws_s3_object.o", object_lock_legal_hold_status=Refs())
    assert flag.blocker == "object_lock_legal_hold_status"
    [flag] = flags(
        "lock", "aws_s3_object.o", object_lock_legal_hold_status="ON", force_destroy=Refs()
    )
    assert flag.blocker == "force_destroy"


def test_a_flag_tells_what_is_written() -> None:
    [flag] = flags("retain", "aws_cloudwatch_log_group.g", skip_destroy=True)
    assert str(flag) == "has skip_destroy = true"
    [flag] = flags("final-snapshot", "aws_memorydb_cluster.m")
    assert str(flag) == "leaves final_snapshot_name unset"


def test_a_list_without_blocks_is_one_that_nobody_set() -> None:
    [flag] = flags("retain", "aws_sagemaker_domain.d", retention_policy=[])
    assert str(flag) == 'leaves retention_policy unset, and unset it is "Retain"'


def test_a_default_that_is_documented_is_proven() -> None:
    [flag] = flags("final-snapshot", "aws_db_instance.d")
    assert flag.certainty is Certainty.PROVEN


def test_what_is_sensitive_is_not_told() -> None:
    entry = made("aws_db_instance.d", skip_final_snapshot=False)
    entry.change["change"]["after_sensitive"] = {"skip_final_snapshot": True}
    [(_, (flag,))] = flags_of_kind(platform_of(entry).graph, "final-snapshot")
    assert str(flag) == "has skip_final_snapshot = (sensitive)"
