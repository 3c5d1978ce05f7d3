"""Waivers as a user writes, checks and scans with them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from policyscan.cli import commands, waivers
from policyscan.engine import WAIVERS_FILE
from policyscan.engine.waiver_file import read_waivers
from tests.cli.commands import ROOT
from tests.plans import change, document

BROKEN = str(ROOT / "fixtures" / "reference_broken" / "plan.json")
CLEAN = str(ROOT / "fixtures" / "reference" / "plan.json")
FAST = ("--no-source", "--replay", "never", "--set", "PS401.days=1", "--fail-on", "critical")
"""Two critical failures and two high ones."""
SERVICE = 'module.service["fraud-detection"].aws_ecs_service.this[0]'
LOGS = 'module.service["fraud-detection"].aws_cloudwatch_log_group.this'
SAID = ("--reason", "Not yet: see the board", "--owner", "payments")
UNTIL = (*SAID, "--until", "2027-01-31")
BOTH = """# Agreed on in March.
- rule: PS101
  address: 'module.service.aws_ecs_service.this' # both of them
  reason: pushed by hand
  owner: payments
  expires: 2027-01-31
"""


class Ran:
    """What a command line came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


class Runner:
    """Runs command lines in a folder of its own, on the first of January 2027."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capture = folder, capture

    def __call__(self, *arguments: str) -> Ran:
        """Run a command line."""
        code = commands.run(list(arguments))
        said = self._capture.readouterr()
        return Ran(code, said.out, said.err)

    def scan(self, *arguments: str, plan: str = BROKEN) -> Ran:
        """Scan a plan."""
        return self(plan, *FAST, *arguments)

    def waive(self, rule: str, address: str, *arguments: str, plan: str = BROKEN) -> Ran:
        """Waive something, until the last of January unless arguments say otherwise."""
        return self("waive", plan, rule, address, *(arguments or UNTIL), *FAST)

    def waived(self, *arguments: str) -> list[str]:
        """What a scan has waived, by rule and address."""
        verdicts = json.loads(self.scan("-f", "json", *arguments).out)["verdicts"]
        return [f"{each['rule']} {each['address']}" for each in verdicts if each["waived"]]


@pytest.fixture
def policyscan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Runner:
    """The command, in an empty working directory."""
    folder = tmp_path / "above" / "here"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(waivers, "today", lambda: date(2027, 1, 1))
    return Runner(folder, capsys)


def test_a_scan_counts_what_is_waived_and_its_exit_code_follows(policyscan: Runner) -> None:
    assert policyscan.scan().code == 1
    Path(WAIVERS_FILE).write_text(BOTH)
    done = policyscan.scan()
    assert done.code == 0
    assert "PS101" not in done.out
    assert "4 fail, 91 unknown, 50 not applicable, 2 waived" in done.out
    assert done.out.splitlines()[-1] == "PASS: 2 high (below the threshold)"
    assert policyscan.scan("--fail-on", "high").code == 1
    assert policyscan.scan("--select", "PS101").out.splitlines()[-1] == "PASS: nothing fails"


def test_json_says_who_waives_until_when_and_why(policyscan: Runner) -> None:
    Path(WAIVERS_FILE).write_text(BOTH)
    report = json.loads(policyscan.scan("-f", "json").out)
    told = [each["waived"] for each in report["verdicts"] if each["verdict"] == "fail"]
    waiver = {
        "reason": "pushed by hand",
        "owner": "payments",
        "expires": "2027-01-31",
        "place": f"{WAIVERS_FILE}:2",
    }
    assert told == [waiver, waiver, None, None]
    assert report["summary"]["waived"] == 2
    assert report["summary"]["failed"] == {"critical": 0, "high": 2, "medium": 0, "low": 0}
    assert report["summary"]["verdicts"]["fail"] == 4


def test_what_is_waived_is_shown_last_when_asked_for(policyscan: Runner) -> None:
    Path(WAIVERS_FILE).write_text(BOTH)
    lines = policyscan.scan("--show-waived").out.splitlines()
    headings = [line.split()[0] for line in lines if line.startswith("PS")]
    assert headings == ["PS401", "PS401", "PS101", "PS101"]
    told = f"    Waived until 2027-01-31, payments: pushed by hand ({WAIVERS_FILE}:2)"
    assert lines[lines.index(f"PS101 image-not-pushed  critical  {SERVICE}") + 1] == told


def test_the_file_is_that_of_the_working_directory_or_the_one_named(
    policyscan: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not that of a folder above.
    (policyscan.folder.parent / WAIVERS_FILE).write_text(BOTH)
    assert policyscan.waived() == []
    above = f"../{WAIVERS_FILE}"
    assert len(policyscan.waived("--waivers", above)) == 2
    # Seen from the configuration file, which the flag and the variable win over.
    Path("config").mkdir()
    Path("config/ours.yaml").write_text("waivers: waivers.yaml\n")
    Path("config/waivers.yaml").write_text(BOTH.replace("PS101", "PS401").replace("this'", "x'"))
    config = ("--config", "config/ours.yaml")
    assert policyscan.waived(*config) == []
    assert len(policyscan.waived(*config, "--waivers", above)) == 2
    monkeypatch.setenv("POLICYSCAN_WAIVERS", above)
    assert len(policyscan.waived(*config)) == 2


@pytest.mark.parametrize("make", ["nothing", "folder", "link", "text"])
def test_a_file_that_is_named_has_to_be_one(policyscan: Runner, make: str) -> None:
    path = Path("named.yaml")
    if make == "folder":
        path.mkdir()
    elif make == "link":
        path.symlink_to("nowhere")
    elif make == "text":
        path.write_text("waive all of it")
    for arguments in ((BROKEN,), ("waivers",), ("waivers", BROKEN, "--check")):
        done = policyscan(*arguments, *FAST, "--waivers", "named.yaml")
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("policyscan: named.yaml")
        assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("make", ["folder", "link"])
def test_the_default_file_is_not_passed_over_when_it_cannot_be_read(
    policyscan: Runner, make: str
) -> None:
    if make == "folder":
        Path(WAIVERS_FILE).mkdir()
    else:
        Path(WAIVERS_FILE).symlink_to("nowhere")
    assert policyscan.scan().code == 2


def test_rules_are_unwaivable_by_configuration_and_profile_together(policyscan: Runner) -> None:
    Path(WAIVERS_FILE).write_text(BOTH + BOTH.replace("PS101", "OBS").replace("service.this", "*"))
    Path("ours.yaml").write_text("unwaivable: [PS401]\n")
    Path(".policyscan.yaml").write_text("profile: ./ours.yaml\nunwaivable: []\n")
    done = policyscan.scan("--fail-on", "high")
    assert done.code == 1
    assert f"warning: {WAIVERS_FILE}:8: " in done.out
    Path(".policyscan.yaml").write_text("profile: ./ours.yaml\nunwaivable: [image-not-*]\n")
    done = policyscan.scan()
    assert done.code == 1
    assert f"{WAIVERS_FILE}:2: PS101 cannot be waived: `unwaivable` says so" in done.out
    assert policyscan.waived() == []


def test_of_several_plans_a_scan_calls_no_waiver_stale(policyscan: Runner) -> None:
    Path(WAIVERS_FILE).write_text(BOTH)
    assert "finds nothing" in policyscan.scan(plan=CLEAN).out
    assert "finds nothing" not in policyscan(CLEAN, BROKEN, *FAST).out


# -- waive --------------------------------------------------------------------------------------


def test_waive_writes_what_a_scan_goes_by(policyscan: Runner) -> None:
    done = policyscan.waive("image-not-pushed", SERVICE)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{WAIVERS_FILE}: waives 1 finding until 2027-01-31\n"
    assert Path(WAIVERS_FILE).read_text() == (
        "- rule: image-not-pushed\n"
        f"  address: '{SERVICE}'\n"
        "  reason: 'Not yet: see the board'\n"
        "  owner: payments\n"
        "  expires: 2027-01-31\n"
    )
    assert policyscan.waived() == [f"PS101 {SERVICE}"]
    done = policyscan.waive("PS401", "module.service.*")
    assert "waives 2 findings" in done.out
    assert len(policyscan.waived()) == 3
    assert policyscan("waivers", BROKEN, "--check", *FAST).code == 0


@pytest.mark.parametrize("before", [BOTH, BOTH.rstrip(), BOTH.replace("\n", "\r\n"), "# none\n"])
def test_waive_keeps_what_is_there_byte_for_byte(policyscan: Runner, before: str) -> None:
    path = Path(WAIVERS_FILE)
    path.write_bytes(before.encode("utf-8-sig"))
    path.chmod(0o640)
    assert policyscan.waive("PS401", LOGS).code == 0
    content = path.read_bytes()
    assert content.startswith(before.encode("utf-8-sig"))
    assert (b"\r\n" in content, content.count(b"\n")) == (
        "\r\n" in before,
        content.count(b"\r\n") or content.count(b"\n"),
    )
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.rule for each in read_waivers(path).given][-1] == "PS401"
    assert [str(each) for each in Path().iterdir()] == [WAIVERS_FILE]


def test_waive_writes_to_the_file_that_a_link_leads_to(policyscan: Runner) -> None:
    Path("real.yaml").write_text(BOTH)
    Path(WAIVERS_FILE).symlink_to("real.yaml")
    assert policyscan.waive("PS401", LOGS).code == 0
    assert Path(WAIVERS_FILE).is_symlink()
    assert len(read_waivers(Path("real.yaml")).given) == 2


@pytest.mark.parametrize(
    ("rule", "address", "arguments", "said"),
    [
        ("PS401", LOGS.replace("fraud", "froud"), UNTIL, f"did you mean {LOGS!r}?"),
        ("PS401", SERVICE, UNTIL, f"PS401 finds nothing to waive at {SERVICE}; did you mean"),
        ("PS204", "*", UNTIL, "plan.json: PS204 finds nothing to waive at *\n"),
        ("PS10", SERVICE, UNTIL, "no rule or group is called 'PS10'; did you mean 'PS210'?"),
        ("PS001", "*", UNTIL, "the check of the plan itself is never waived"),
        ("PS101", "aws_x.y[ab]", UNTIL, "'aws_x.y[ab]' is no address, such as"),
        ("PS101", SERVICE, (*SAID, "--until", "2026-12-31"), "--until 2026-12-31: is past"),
        ("PS101", SERVICE, (*SAID, "--until", "soon"), "--until soon: no date, such as 2027-01-31"),
        ("PS101", SERVICE, ("--reason", " ", *UNTIL[2:]), "--reason says nothing"),
        ("PS101", SERVICE, SAID, "Missing option '--until'"),
        ("PS101", 'a.b["(sensitive 1)"]', UNTIL, "stand for secret instance keys"),
    ],
)
def test_waive_refuses(
    policyscan: Runner, rule: str, address: str, arguments: tuple[str, ...], said: str
) -> None:
    Path(WAIVERS_FILE).write_text(BOTH.replace("2027-01-31", "2026-01-31"))
    before = Path(WAIVERS_FILE).read_bytes()
    done = policyscan.waive(rule, address, *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert Path(WAIVERS_FILE).read_bytes() == before


def test_waive_refuses_what_is_waived_or_may_not_be(policyscan: Runner) -> None:
    Path(WAIVERS_FILE).write_text(BOTH)
    done = policyscan.waive("PS101", SERVICE)
    assert (done.code, done.err) == (
        2,
        f"policyscan: it is waived already: {WAIVERS_FILE}:2\n",
    )
    Path(".policyscan.yaml").write_text("unwaivable: [OBS]\n")
    done = policyscan.waive("PS401", LOGS)
    assert (done.code, done.err) == (
        2,
        "policyscan: PS401 cannot be waived: `unwaivable` says so\n",
    )


@pytest.mark.parametrize("text", ["[]\n", "- a: b\n...\n", "[{rule: x}]", "{}\n", "a: [\n"])
def test_waive_leaves_a_file_alone_that_it_cannot_add_to(policyscan: Runner, text: str) -> None:
    Path(WAIVERS_FILE).write_text(text)
    done = policyscan.waive("PS401", LOGS)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert Path(WAIVERS_FILE).read_text() == text
    assert [str(each) for each in Path().iterdir()] == [WAIVERS_FILE]


def test_waive_says_where_it_cannot_write(policyscan: Runner) -> None:
    done = policyscan.waive("PS401", LOGS, *UNTIL, "--waivers", "no/such/folder.yaml")
    assert (done.code, done.err) == (
        2,
        "policyscan: no/such/folder.yaml: cannot be written: No such file or directory\n",
    )


KEYS = ("a b", 'it"s', "c:\\x", "*.example.com", "é", "a'b", "#no", "${x}", "line\nend", "[ab]")


@pytest.mark.parametrize("key", KEYS)
def test_an_instance_is_waived_whatever_its_key_is(policyscan: Runner, key: str) -> None:
    from policyscan.plan.address import key_text  # noqa: PLC0415 - only here

    log = "aws_cloudwatch_log_group.this"
    address = f"{log}{key_text(key)}"
    plan = policyscan.folder / "plan.json"
    plan.write_text(
        json.dumps(
            document(
                [change(f"{log}{key_text(each)}") for each in (*KEYS, "a", "xb", "www.example.com")]
            )
        )
    )
    done = policyscan.waive("PS401", address, plan=str(plan))
    assert (done.code, done.err) == (0, "")
    report = json.loads(policyscan.scan("-f", "json", "--select", "PS401", plan=str(plan)).out)
    assert [each["address"] for each in report["verdicts"] if each["waived"]] == [address]
    assert report["warnings"] == []


# -- waivers ------------------------------------------------------------------------------------


def test_waivers_lists_each_with_what_it_waives(policyscan: Runner) -> None:
    Path(WAIVERS_FILE).write_text(BOTH)
    done = policyscan("waivers", BROKEN, CLEAN, *FAST, "--check")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"{WAIVERS_FILE}:2: PS101  module.service.aws_ecs_service.this  in use",
        "    until 2027-01-31, payments: pushed by hand",
        f"    PS101  {SERVICE}  in {BROKEN}",
        f"    PS101  {SERVICE.replace('fraud-detection', 'transaction-processor')}  in {BROKEN}",
        "Waivers: 1 in use",
    ]
    assert policyscan("waivers").out.splitlines()[-1] == "Waivers: 1 not looked at"


@pytest.mark.parametrize(
    ("change_", "said", "without_plan"),
    [
        (("2027-01-31", "2026-12-31"), "expired on 2026-12-31, 1 day ago", True),
        (("2027-01-31", "2027-31-01"), 'expires "2027-31-01" is no date', True),
        (("  owner: payments\n", ""), "gives no owner", True),
        (("PS101", "PS1"), "no rule or group is called 'PS1'", True),
        (("PS101", "PS103"), "PS103 cannot be waived", True),
        (
            ("service.this", "service.gone"),
            "PS101 finds nothing at module.service.a",
            False,
        ),
    ],
)
def test_waivers_check_fails_for_each_that_is_to_be_mended(
    policyscan: Runner, change_: tuple[str, str], said: str, *, without_plan: bool
) -> None:
    Path(".policyscan.yaml").write_text("unwaivable: [PS103]\n")
    Path(WAIVERS_FILE).write_text(BOTH.replace(*change_))
    done = policyscan("waivers", BROKEN, *FAST, "--check")
    assert (done.code, done.err) == (1, "")
    assert said in done.out
    assert policyscan("waivers", BROKEN, *FAST).code == 0
    assert policyscan("waivers", "--check").code == int(without_plan)


def test_waivers_of_a_plan_that_cannot_be_judged_are_not_checked(policyscan: Runner) -> None:
    Path(WAIVERS_FILE).write_text(BOTH)
    assert policyscan("waivers", "gone.json", "--check").code == 2
    Path("part.json").write_text(json.dumps(document([change("aws_x.y")], errored=True)))
    done = policyscan("waivers", "part.json", "--check")
    assert done.code == 2
    assert "planning ended with an error" in done.err
    assert "not looked at" in done.out
