"""Files people give instead of plan JSON, told apart so the refusal can say what to do.

Each function returns one sentence "WHAT IT IS, not plan JSON; WHAT TO DO", or None.
No sentence holds anything read from the file: it may be secret.
"""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct

EXPORT: Final = (
    "run `terraform plan -out FILE` and `terraform show -json FILE > plan.json`, give plan.json"
)
_SHOW_SAVED: Final = "run `terraform show -json FILE > plan.json` on it, give plan.json"
_UNPACK: Final = "unpack it first"

# Beyond these many characters from either end a text has long said what it is.
_HEAD: Final = 65_536
_TAIL: Final = 4_096
_ANSI_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


class _Magic(Struct, frozen=True):
    """A binary format: `magic` stands at `offset` bytes from the start."""

    magic: bytes
    description: str
    advice: str
    offset: int = 0


class _Keys(Struct, frozen=True):
    """A JSON document told by the top-level keys that only it has together."""

    keys: tuple[str, ...]
    description: str
    advice: str = EXPORT


class _Pattern(Struct, frozen=True):
    """A text told by a pattern somewhere near its start or end, compiled when it is asked for."""

    pattern: str
    description: str
    advice: str = EXPORT


# The first that matches speaks: the precise stand before the general.
_BINARIES: Final = (
    # The one entry every saved plan starts with; 30 bytes of local header precede its name.
    _Magic(b"tfplan", "a saved binary plan", _SHOW_SAVED, offset=30),
    _Magic(b"PK\x03\x04", "a zip archive", f"if it is a saved plan, {_SHOW_SAVED}"),
    _Magic(b"PK\x05\x06", "an empty zip archive", EXPORT),
    _Magic(b"tfplan\x01", "a saved plan of Terraform before 0.12", EXPORT),
    _Magic(b"tfplan\x02", "a saved plan of Terraform before 0.12", EXPORT),
    _Magic(b"\x1f\x8b", "a gzip file within", _UNPACK),
    _Magic(b"BZh", "a bzip2 file", _UNPACK),
    _Magic(b"\xfd7zXZ\x00", "an xz file", _UNPACK),
    _Magic(b"\x28\xb5\x2f\xfd", "a zstd file", _UNPACK),
    _Magic(b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    _Magic(b"%PDF-", "a PDF document", EXPORT),
    _Magic(b"\x7fELF", "a program", EXPORT),
)

_DOCUMENTS: Final = (
    _Keys(
        ("encryption_version", "encrypted_data", "lineage"),
        "a state that OpenTofu encrypted",
        "run `tofu plan -out FILE` and `tofu show -json FILE > plan.json` where its key is "
        "configured, give plan.json",
    ),
    _Keys(
        ("encryption_version", "encrypted_data"),
        "a saved plan or state that OpenTofu encrypted",
        "run `tofu show -json FILE > plan.json` where its key is configured, give plan.json",
    ),
    _Keys(
        ("plan_format_version", "resource_changes"),
        "a redacted plan of HCP Terraform, without format_version and configuration",
        "download the plan's `json-output`, not `json-output-redacted`",
    ),
    _Keys(("@level", "@message"), "the JSON lines that `terraform plan -json` streams"),
    _Keys(("version", "serial", "lineage"), "a raw state file (tfstate)"),
    _Keys(("version", "serial", "modules"), "a raw state file (tfstate)"),
    _Keys(("provider_schemas",), "a provider schema (`terraform providers schema -json`)"),
    _Keys(("valid", "diagnostics"), "what `terraform validate -json` prints"),
    _Keys(("function_signatures",), "what `terraform metadata functions -json` prints"),
    _Keys(("provider_selections",), "what `terraform version -json` prints"),
    _Keys(("format_version", "modules"), "what `terraform modules -json` prints"),
    _Keys(("format_version", "values"), "a state (`terraform show -json` without a plan file)"),
    _Keys(("format_version", "configuration"), "Terraform configuration as JSON"),
    _Keys(("format_version", "root_module"), "Terraform configuration as JSON"),
    _Keys(("schema_version", "verdicts"), "a report of policyscan"),
    _Keys(("runs", "version"), "a SARIF report"),
    _Keys(("check_type", "results"), "a report of Checkov"),
    _Keys(("checkov_version",), "a report of Checkov"),
    _Keys(("SchemaVersion", "ArtifactName"), "a report of Trivy"),
    _Keys(("projects", "totalMonthlyCost"), "a report of Infracost"),
    _Keys(("kics_version",), "a report of KICS"),
    _Keys(("results",), "a report of a scanner such as tfsec or Terrascan"),
    _Keys(("AWSTemplateFormatVersion",), "a CloudFormation template"),
    _Keys(("Resources",), "a CloudFormation template"),
    _Keys(("Version", "Statement"), "an IAM policy"),
    _Keys(("Modules",), "the list of modules that `terraform init` keeps"),
    _Keys(("resource",), "Terraform configuration (.tf.json)"),
    _Keys(("module",), "Terraform configuration (.tf.json)"),
    _Keys(("variable",), "Terraform configuration (.tf.json)"),
)

_TEXTS: Final = (
    _Pattern(
        r"\Aversion \S*git-lfs\S*\s",
        "a Git LFS pointer",
        "run `git lfs pull` to fetch the file itself",
    ),
    _Pattern(r"\A\s*<[!?A-Za-z]", "an HTML or XML page"),
    _Pattern(r"\A\s*digraph\b", "a graph (`terraform graph`)"),
    _Pattern(
        (
            r"^(?:Terraform|OpenTofu) (?:used the selected|will perform|planned the following)"
            r"|^An execution plan has been generated"
            r"|^No changes\. "
            r"|^Plan: \d+ to "
            r"|^Note: Objects have changed outside "
            r"|: (?:Refreshing state|Reading)\.\.\."
        ),
        "the text `terraform plan` prints for people",
    ),
    _Pattern(
        r"^[ \t│╷]*Error: ",
        "an error message of the command that should have written the plan",
        "mend what it says and run the command again",
    ),
    _Pattern(
        r'^# \S+:\r?\n(?:resource|data) "',
        "the text `terraform show` prints for people",
    ),
    _Pattern(
        r"^(?:terraform_version|planned_values|resource_changes) = ",
        "a Sentinel mock",
    ),
    _Pattern(
        (
            r'^[ \t]*(?:(?:resource|data|check|module|variable|output|provider) "[^\n]*'
            r"|(?:terraform|locals|moved|import|removed)[ \t]*)\{"
        ),
        "Terraform configuration (HCL)",
        "give the folder it is in instead, or " + EXPORT,
    ),
    _Pattern(
        r"^(?:AWSTemplateFormatVersion|Resources)[ \t]*:",
        "a CloudFormation template",
    ),
    _Pattern(r"\A(?:---[ \t]*\r?$|[\w.-]+:(?:[ \t]|\r?$))", "a YAML file"),
)


def of_bytes(content: bytes) -> str | None:
    """Say what a binary file is. Example: the bytes of a `tfplan` file."""
    for binary in _BINARIES:
        if content.startswith(binary.magic, binary.offset):
            return _sentence(binary.description, binary.advice)
    return None


def of_text(text: str) -> str | None:
    """Say what a text that is no JSON is. Example: `Plan: 1 to add, 0 to change, ...`."""
    head = _ANSI_COLOUR.sub("", text[:_HEAD])
    tail = _ANSI_COLOUR.sub("", text[_HEAD:][-_TAIL:])
    for kind in _TEXTS:
        pattern = re.compile(kind.pattern, re.MULTILINE)
        if pattern.search(head) or (tail and pattern.search("\n" + tail)):
            return _sentence(kind.description, kind.advice)
    return None


def of_document(document: dict[str, Any]) -> str | None:
    """Say what a JSON object that is no plan is. Example: `{"format_version": .., "values": ..}`.

    The caller has made sure it is no plan: a plan's keys may include those of others.
    """
    if set(document) <= {"format_version", "terraform_version"} and "format_version" in document:
        return _sentence("an empty state or an empty provider schema", EXPORT)
    for kind in _DOCUMENTS:
        if all(key in document for key in kind.keys):
            return _sentence(kind.description, kind.advice)
    if _is_api_answer(document):
        return _sentence(
            "an answer of the HCP Terraform API", "download the plan's `json-output` instead"
        )
    if _are_outputs(document):
        return _sentence("what `terraform output -json` prints", EXPORT)
    return None


def of_array(array: list[Any]) -> str:
    """Say what a JSON array is. Example: the reports Checkov writes for several frameworks."""
    if array and isinstance(array[0], dict):
        if "check_type" in array[0]:
            return _sentence("reports of Checkov", EXPORT)
        if "planned_values" in array[0]:
            return _sentence("a JSON array of plans", "give each plan in a file of its own")
    return _sentence("a JSON array", EXPORT)


def _sentence(description: str, advice: str) -> str:
    return f"{description}, not plan JSON; {advice}"


def _is_api_answer(document: dict[str, Any]) -> bool:
    """JSON:API wraps what it answers as {"data": {"id", "type", "attributes"}}."""
    answer = document.get("data")
    return isinstance(answer, dict) and "attributes" in answer and "type" in answer


def _are_outputs(document: dict[str, Any]) -> bool:
    return bool(document) and all(
        isinstance(output, dict) and "sensitive" in output and "value" in output
        for output in document.values()
    )
