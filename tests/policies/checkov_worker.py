"""Runs the real Checkov on plans: `PYTHON -I checkov_worker.py < request.json > answers.json`.

It is started with the Python of Checkov's own environment, which cannot be shared with ours. The
request is `{"plans": [path, ...], "policies": folder}`; with null for the folder Checkov's own
policies for AWS are run. The answer has under "folder" where they are, and for each plan:
`answers`, [id, address, word] with pass or fail as Checkov reports it, unknown where it leaves a
resource open, and lost where it has an answer and does not report it; and `edges`, the pairs of
addresses it takes for connected.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from checkov.common.checks_infra.checks_parser import GraphCheckParser
from checkov.common.checks_infra.registry import Registry
from checkov.common.models.enums import CheckResult
from checkov.runner_filter import RunnerFilter
from checkov.terraform import plan_runner

OWN = Path(plan_runner.__file__).parent / "checks" / "graph_checks" / "aws"
ADDRESS = "__address__"


class Listening(Registry):  # type: ignore[misc]
    """Checkov's registry, which also keeps what its reports leave out."""

    def run_checks(self, *arguments: Any, **options: Any) -> Any:
        """As Checkov does."""
        self.answered = super().run_checks(*arguments, **options)
        return self.answered


def answers(plan: str, registry: Listening) -> dict[str, Any]:
    """What Checkov says of one plan."""
    runner = plan_runner.Runner()
    runner.graph_registry = registry
    runner.block_type_registries = {}  # its checks in Python are not asked
    report = runner.run(files=[plan], runner_filter=RunnerFilter(framework=["terraform_plan"]))
    found = {
        (check.id, one["entity"].get(ADDRESS, "")): (
            "unknown" if one["result"] is CheckResult.UNKNOWN else "lost"
        )
        for check, results in registry.answered.items()
        for one in results
    }
    for word, records in (("pass", report.passed_checks), ("fail", report.failed_checks)):
        found.update({(record.check_id, record.resource): word for record in records})
    graph = runner.tf_plan_local_graph
    pairs = {
        tuple(graph.vertices[end].attributes.get(ADDRESS, "") for end in (edge.origin, edge.dest))
        for edge in graph.edges
    }
    return {
        "answers": sorted([identity, address, word] for (identity, address), word in found.items()),
        "edges": sorted(map(list, pairs)),
    }


def main() -> None:
    """Answer one request."""
    logging.disable(logging.CRITICAL)
    request = json.load(sys.stdin)
    folder = request["policies"] or str(OWN)
    registry = Listening(checks_dir=folder, parser=GraphCheckParser())
    with contextlib.redirect_stdout(io.StringIO()):
        registry.load_checks()
        plans = {plan: answers(plan, registry) for plan in request["plans"]}
    loaded = sorted(check.id for check in registry.checks)
    json.dump({"folder": folder, "loaded": loaded, "plans": plans}, sys.stdout)
    sys.stdout.flush()
    # Its threads take a second to end, and nothing waits for them.
    os._exit(0)


main()
