"""What users take into their pipelines keeps to its schema, and its scripts run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.integrations.pages import ROOT, blocks, shell, workplace

GITLAB = ROOT / "integrations" / "gitlab.yml"


def flaws(schema: str, text: str, tmp_path: Path) -> str:
    """What check-jsonschema says of a file, by a schema that it brings."""
    file = tmp_path / "file.yml"
    file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", file],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


# Of a job whose name starts with a dot the schema says nothing.
JOB = GITLAB.read_text().replace("\n.policyscan:", "\npolicyscan:")
FILES = [
    ("github-actions", (ROOT / "action.yml").read_text()),
    ("gitlab-ci", JOB),
    *(("github-workflows", text) for text in blocks("github.md", "yaml")),
    *(("gitlab-ci", text) for text in blocks("gitlab.md", "yaml")),
    *zip(("github-workflows", "gitlab-ci"), blocks("forks.md", "yaml"), strict=False),
    *(("azure-pipelines", text) for text in blocks("azure-devops.md", "yaml")),
]


@pytest.mark.parametrize(("schema", "text"), FILES, ids=[schema for schema, _ in FILES])
def test_it_keeps_to_its_schema(schema: str, text: str, tmp_path: Path) -> None:
    assert flaws(schema, text, tmp_path) == ""


def test_the_schemas_refuse_what_is_wrong(tmp_path: Path) -> None:
    action = (ROOT / "action.yml").read_text()
    assert flaws("github-actions", action.replace("using: composite", "using: shell"), tmp_path)
    assert flaws("gitlab-ci", JOB.replace("when: always", "when: ever"), tmp_path)
    [workflow] = blocks("github.md", "yaml")
    assert flaws("github-workflows", workflow.replace("runs-on", "run-on"), tmp_path)
    [pipeline] = blocks("azure-devops.md", "yaml")
    assert flaws("azure-pipelines", pipeline.replace("- script:", "- scrip:"), tmp_path)


def test_the_workflow_gives_the_action_inputs_it_has() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    [workflow] = blocks("github.md", "yaml")
    steps = yaml.safe_load(workflow)["jobs"]["plan"]["steps"]
    [given] = [each["with"] for each in steps if "policyscan@" in each.get("uses", "")]
    assert set(given) <= set(action["inputs"])
    page = (ROOT / "docs" / "ci" / "github.md").read_text()
    for name in (*action["inputs"], *action["outputs"]):
        assert f"`{name}`" in page, f"docs/ci/github.md says nothing of {name}"


# -- GitLab --------------------------------------------------------------------------------------


def gitlab_script() -> str:
    return "\n".join(yaml.safe_load(GITLAB.read_text())[".policyscan"]["script"])


@pytest.mark.parametrize(
    ("plans", "code"),
    [("clean.json", 0), ("broken.json", 1), ("clean.json\n*.json", 1), ("gone.json", 2)],
)
def test_the_gitlab_job_ends_as_policyscan_does(plans: str, code: int, tmp_path: Path) -> None:
    place = workplace(tmp_path)
    done = shell(gitlab_script(), place, POLICYSCAN_PLANS=plans)
    assert done.returncode == code, done.stderr
    job = yaml.safe_load(GITLAB.read_text())[".policyscan"]
    if code < 2:
        for report in job["artifacts"]["reports"].values():
            assert (place / report).is_file()
        found = json.loads((place / job["artifacts"]["reports"]["codequality"]).read_text())
        assert bool(found) is bool(code)


def test_the_gitlab_job_takes_plans_by_any_name_and_flags_by_their_variables(
    tmp_path: Path,
) -> None:
    place = workplace(tmp_path)
    name = "-o 'my' \"plan\" $(touch ran) `touch ran`;touch ran.json"
    (place / "broken.json").rename(place / name)
    done = shell(gitlab_script(), place, POLICYSCAN_PLANS=name)
    assert (done.returncode, list(place.rglob("ran"))) == (1, []), done.stderr
    done = shell(
        gitlab_script(), place, POLICYSCAN_PLANS="clean.json", POLICYSCAN_PROFILE="production"
    )
    assert done.returncode == 1


@pytest.mark.usefixtures("terraform")
def test_the_jobs_without_credentials_fail_for_what_the_change_brings_alone(tmp_path: Path) -> None:
    """A log group that was kept too long, and one that now is too."""
    place = workplace(tmp_path)
    groups = 'resource "aws_cloudwatch_log_group" "{}" {{\n  retention_in_days = {}\n}}\n'
    main = place / "infra" / "main.tf"
    main.write_text(groups.format("old", 30) + groups.format("new", 7))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "infra"], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *command], cwd=place, check=True)
    workflow, job, _ = (yaml.safe_load(text) for text in blocks("forks.md", "yaml"))
    [step] = [each for each in workflow["jobs"]["plan"]["steps"] if "env" in each]
    variables = {"PATH": f"{place.parent / 'bin'}:{os.environ['PATH']}"}
    variables |= {"POLICYSCAN_SELECT": "PS401"} | job["policyscan"]["variables"]
    assert step["env"].keys() | {"GIT_DEPTH", "POLICYSCAN_PLANS"} <= variables.keys()
    variables["POLICYSCAN_SINCE"] = "HEAD"
    for new, code in ((7, 0), (30, 1)):
        main.write_text(groups.format("old", 30) + groups.format("new", new))
        done = shell(gitlab_script(), place, **variables)
        assert done.returncode == code, done.stderr
        report = json.loads((place / "policyscan" / "report.json").read_text())
        told = {
            each["address"]: each.get("new")
            for each in report["verdicts"]
            if each["verdict"] == "fail"
        }
        assert told.pop("aws_cloudwatch_log_group.old") is False
        assert told == ({"aws_cloudwatch_log_group.new": True} if code else {})


# -- others --------------------------------------------------------------------------------------


def test_the_step_of_atlantis_judges_what_it_was_shown(tmp_path: Path) -> None:
    [text] = blocks("atlantis.md", "yaml")
    steps = yaml.safe_load(text)["workflows"]["policyscan"]["plan"]["steps"]
    [script] = [each["run"] for each in steps if isinstance(each, dict)]
    place = workplace(tmp_path)
    (place / "main.tf").touch()
    for plan, code in (("clean.json", 0), ("broken.json", 1)):
        done = shell(script, place, SHOWFILE=str(place / plan), POLICYSCAN_REPLAY="never")
        assert done.returncode == code, done.stderr


def test_the_step_of_jenkins_leaves_the_reports_it_publishes(tmp_path: Path) -> None:
    [text] = blocks("jenkins.md", "groovy")
    [script] = re.findall(r"sh '(policyscan .*)'", text)
    place = workplace(tmp_path)
    (place / "broken.json").rename(place / "infra" / "plan.json")
    assert shell(script, place).returncode == 1
    published = re.findall(r"(?:testResults|pattern): '(.*?)'", text)
    assert published == ["junit.xml", "policyscan.sarif"]
    assert all((place / each).stat().st_size for each in published)


def test_the_step_of_azure_devops_leaves_the_reports_it_publishes(tmp_path: Path) -> None:
    [text] = blocks("azure-devops.md", "yaml")
    steps = yaml.safe_load(text)["steps"]
    [step] = [each for each in steps if each.get("displayName") == "policyscan"]
    place = workplace(tmp_path)
    (place / "broken.json").rename(place / "infra" / "plan.json")
    # A docker that has the image here: what is mounted stands where it is.
    docker = tmp_path / "bin" / "docker"
    docker.write_text(
        "#!/bin/sh\n"
        'while [ "$1" != registry.example.com/policyscan:0.1.0 ]; do shift; done; shift\n'
        'for each do shift; set -- "$@" "$(echo "$each" | sed "s#/reports#$REPORTS#")"; done\n'
        'exec policyscan "$@"\n'
    )
    docker.chmod(0o755)
    reports = tmp_path / "the reports"
    done = shell(step["script"], place, REPORTS=str(reports))
    assert done.returncode == 1, done.stderr
    assert sorted(each.name for each in reports.iterdir()) == ["junit.xml", "policyscan.sarif"]
