from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from policyscan.bridges.home import Checkov
from policyscan.bridges.running import CheckovOptions, start
from policyscan.errors import CheckovError
from tests.bridges.plans import BUCKET, buckets, written

CHECK = """
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

class Own(BaseResourceCheck):
    def __init__(self):
        super().__init__("own", "ACME_1", [CheckCategories.GENERAL_SECURITY], ["aws_s3_bucket"])

    def scan_resource_conf(self, conf):
        {body}

check = Own()
"""


POLICY = """
metadata: {id: ACME_2, name: own, category: LOGGING}
definition: {cond_type: attribute, resource_types: [aws_s3_bucket], attribute: bucket, operator: OP}
"""
FAILING = "return CheckResult.FAILED"


def with_check(folder: Path, body: str, first: str = "") -> CheckovOptions:
    """A check of the user's for buckets, which does this, `first` when it is imported."""
    checks = folder / "checks"
    checks.mkdir()
    (checks / "__init__.py").touch()
    (checks / "acme_own.py").write_text(first + CHECK.format(body=body), encoding="utf-8")
    return CheckovOptions(external=(checks,), check=("ACME_1", "ACME_2"))


def with_file(folder: Path, content: str, name: str = "acme_own.yaml") -> CheckovOptions:
    """A folder of checks with this file alone."""
    checks = folder / "checks"
    checks.mkdir()
    (checks / name).write_text(content, encoding="utf-8")
    return CheckovOptions(external=(checks,), check=("ACME_1", "ACME_2"))


def errors(checkov: Checkov, folder: Path, options: CheckovOptions) -> list[str]:
    """What Checkov, told to run these, could not do; the folder of the test left out."""
    outcome = start(checkov, written(folder, buckets()), options).join()
    return [each.replace(f"{folder}/", "") for each in outcome.errors]


def test_checks_of_the_user_run_and_bring_their_name(checkov: Checkov, tmp_path: Path) -> None:
    options = with_check(tmp_path, "return CheckResult.FAILED")
    outcome = start(checkov, written(tmp_path, buckets()), options).join()
    assert [(each.check, each.address, each.verdict, each.name) for each in outcome.results] == [
        ("ACME_1", f"{BUCKET}.b[0]", "fail", "own"),
        ("ACME_1", f"{BUCKET}.b[1]", "fail", "own"),
    ]
    assert (outcome.errors, outcome.note) == ((), None)


def test_a_check_that_raises_is_an_error_and_no_gap(checkov: Checkov, tmp_path: Path) -> None:
    options = with_check(tmp_path, "raise KeyError(conf['bucket'][0])")
    outcome = start(checkov, written(tmp_path, buckets()), options).join()
    assert outcome.results == ()
    assert outcome.errors == (
        f"ACME_1 on {BUCKET}.b[0]: KeyError",
        f"ACME_1 on {BUCKET}.b[1]: KeyError",
    )


def test_a_check_that_asks_the_network_is_refused(checkov: Checkov, tmp_path: Path) -> None:
    body = "import socket; socket.create_connection(('127.0.0.1', 9))"
    outcome = start(checkov, written(tmp_path, buckets()), with_check(tmp_path, body)).join()
    assert outcome.errors == (
        f"ACME_1 on {BUCKET}.b[0]: NoNetworkError",
        f"ACME_1 on {BUCKET}.b[1]: NoNetworkError",
    )


def test_a_check_that_ends_the_process_is_an_error_and_the_others_run(
    checkov: Checkov, tmp_path: Path
) -> None:
    options = replace(with_check(tmp_path, "raise SystemExit(0)"), check=("ACME_1", "CKV_AWS_18"))
    outcome = start(checkov, written(tmp_path, buckets()), options).join()
    assert [(each.check, each.verdict) for each in outcome.results] == [("CKV_AWS_18", "fail")] * 2
    assert outcome.errors == (
        f"ACME_1 on {BUCKET}.b[0]: SystemExit",
        f"ACME_1 on {BUCKET}.b[1]: SystemExit",
    )


def test_a_check_that_takes_the_process_down_is_an_error(checkov: Checkov, tmp_path: Path) -> None:
    options = with_check(tmp_path, "import os; os._exit(0)")
    with pytest.raises(CheckovError, match=r"^Checkov ended without an answer$"):
        errors(checkov, tmp_path, options)


@pytest.mark.parametrize("place", ["body", "first"])
def test_a_check_that_never_ends_is_ended(checkov: Checkov, tmp_path: Path, place: str) -> None:
    told = {"body": FAILING, "first": "", place: "import time; time.sleep(3600)\n"}
    options = with_check(tmp_path, **told)
    with start(checkov, written(tmp_path, buckets()), replace(options, seconds=2)) as running:
        with pytest.raises(CheckovError, match=r"^Checkov took more than 2 seconds and was ended"):
            running.join()
        assert not running.at_work


@pytest.mark.parametrize(
    "prints",
    [
        "print('{}')",
        "import sys; sys.__stdout__.write('{}'); sys.__stdout__.flush()",
        "import os; os.write(1, b'{}')",
        "import subprocess; subprocess.run(['echo', '{}'])",
    ],
)
def test_what_a_check_prints_is_not_in_the_answer(
    checkov: Checkov, tmp_path: Path, prints: str
) -> None:
    options = with_check(tmp_path, f"{prints}; {FAILING}", first=f"{prints}\n")
    outcome = start(checkov, written(tmp_path, buckets()), options).join()
    assert [each.verdict for each in outcome.results] == ["fail", "fail"]
    assert outcome.errors == ()


def test_a_check_that_reads_does_not_take_what_is_meant_for_the_worker(
    checkov: Checkov, tmp_path: Path
) -> None:
    reads = tmp_path / "reads"
    options = with_check(tmp_path, f"open({str(reads)!r}, 'w').close(); input()")
    with start(checkov, written(tmp_path, buckets()), replace(options, corrected=True)) as running:
        while not reads.exists() and running.at_work:
            time.sleep(0.01)
        running.lend(())
        outcome = running.join()
    assert outcome.errors == (
        f"ACME_1 on {BUCKET}.b[0]: EOFError",
        f"ACME_1 on {BUCKET}.b[1]: EOFError",
    )


def test_a_check_that_returns_no_result_is_an_error(checkov: Checkov, tmp_path: Path) -> None:
    assert errors(checkov, tmp_path, with_check(tmp_path, "return None")) == [
        f"ACME_1 on {BUCKET}.b[0]: it returns NoneType, not a CheckResult",
        f"ACME_1 on {BUCKET}.b[1]: it returns NoneType, not a CheckResult",
    ]


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ("import acme_missing\n", "ModuleNotFoundError: No module named 'acme_missing'"),
        ("raise SystemExit(0)\n", "ImportError: it ends the process"),
        ("def\n", "SyntaxError: invalid syntax (acme_own.py, line 1)"),
    ],
)
def test_a_file_that_cannot_be_imported_is_an_error(
    checkov: Checkov, tmp_path: Path, first: str, why: str
) -> None:
    assert errors(checkov, tmp_path, with_check(tmp_path, FAILING, first)) == [
        f"Checkov: Cannot load external check 'acme_own' from checks/acme_own.py: {why}"
    ]


def test_a_check_that_nothing_makes_is_an_error(checkov: Checkov, tmp_path: Path) -> None:
    options = with_check(tmp_path, FAILING)
    file = options.external[0] / "acme_own.py"
    file.write_text(file.read_text().replace("check = Own()", ""), encoding="utf-8")
    assert errors(checkov, tmp_path, options) == [
        "Checkov: checks/acme_own.py: nothing makes a check of Own"
    ]


def test_files_without_any_check_are_an_error(checkov: Checkov, tmp_path: Path) -> None:
    options = with_check(tmp_path, FAILING)
    (options.external[0] / "acme_own.py").write_text("ready = True\n", encoding="utf-8")
    assert errors(checkov, tmp_path, options) == [
        "Checkov: checks: no .py file in it makes a check"
    ]


def test_a_file_that_helps_a_check_is_no_error(checkov: Checkov, tmp_path: Path) -> None:
    options = with_check(tmp_path, FAILING, first="import acme_helper\n")
    (options.external[0] / "acme_helper.py").write_text("ready = True\n", encoding="utf-8")
    (options.external[0] / "other.yaml").write_text("colour: green\n", encoding="utf-8")
    assert errors(checkov, tmp_path, options) == []


@pytest.mark.parametrize("way", ["worker", "command line"])
def test_folders_that_checkov_passes_over_are_errors(
    checkov: Checkov, tmp_path: Path, way: str
) -> None:
    options = with_check(tmp_path, FAILING)
    (options.external[0] / "__init__.py").unlink()
    (tmp_path / "empty").mkdir()
    folders = (*options.external, tmp_path / "empty", tmp_path / "none")
    options = replace(options, external=folders)
    assert errors(checkov._replace(quick=way == "worker"), tmp_path, options) == [
        "Checkov: checks has no __init__.py, so no check in it is loaded; add one",
        "Checkov: empty holds no check",
        "Checkov: none is no folder of checks",
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            POLICY.replace("OP", "nonsense"),
            "solver type SolverType.ATTRIBUTE with operator nonsense is not supported",
        ),
        (
            "metadata: {id: ACME_2}\n",
            "it needs a definition, and of its metadata id, name and category",
        ),
        (
            "metadata: [\n",
            "while parsing a flow node expected the node content, but found '<stream end>'",
        ),
    ],
)
def test_a_policy_that_cannot_be_loaded_is_an_error(
    checkov: Checkov, tmp_path: Path, content: str, why: str
) -> None:
    [error] = errors(checkov, tmp_path, with_file(tmp_path, content))
    assert error.startswith(f"Checkov: checks/acme_own.yaml is not loaded: {why}")
    assert len(error.splitlines()) == 1


def test_of_two_policies_with_one_id_the_second_is_an_error(
    checkov: Checkov, tmp_path: Path
) -> None:
    options = with_file(tmp_path, POLICY.replace("OP", "exists"))
    (options.external[0] / "other.yaml").write_text(POLICY.replace("OP", "not_exists"))
    outcome = start(checkov, written(tmp_path, buckets()), options).join()
    assert [each.verdict for each in outcome.results] == ["pass", "pass"]
    [error] = outcome.errors
    assert error.endswith("/other.yaml is not loaded: there is a policy ACME_2 already")


@pytest.mark.parametrize(
    ("body", "first", "expected"),
    [
        ("raise KeyError('hush')", "", f"ACME_1 on {BUCKET}.b: it raised"),
        (FAILING, "import acme_missing\n", "Checkov: Cannot load external check 'acme_own' from "),
    ],
)
def test_by_its_command_line_what_checkov_only_logs_is_an_error_too(
    checkov: Checkov, tmp_path: Path, body: str, first: str, expected: str
) -> None:
    options = with_check(tmp_path, body, first)
    [error] = errors(checkov._replace(quick=False), tmp_path, options)
    assert error.startswith(expected)


def test_by_its_command_line_a_policy_that_is_none_is_an_error_too(
    checkov: Checkov, tmp_path: Path
) -> None:
    options = with_file(tmp_path, POLICY.replace("OP", "nonsense"))
    (options.external[0] / "half.yaml").write_text("metadata: {id: ACME_3}\n")
    (options.external[0] / "other.yaml").write_text("colour: green\n")
    found = errors(checkov._replace(quick=False), tmp_path, options)
    assert [each.split(" ")[1:4] for each in found] == [
        ["Custom", "policy", "checks/half.yaml"],
        ["Failed", "to", "parse"],
    ]


@pytest.mark.parametrize("body", ["raise SystemExit(0)", "import os; os._exit(0)"])
def test_by_its_command_line_a_check_that_ends_the_process_is_an_error(
    checkov: Checkov, tmp_path: Path, body: str
) -> None:
    with pytest.raises(CheckovError, match=r"^Checkov ended without a report$"):
        errors(checkov._replace(quick=False), tmp_path, with_check(tmp_path, body))
