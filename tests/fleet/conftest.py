"""A cluster that tests of runs share: each would wait longer for one of its own than it runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fleet.clusters import cluster


@pytest.fixture(scope="session")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """The flags that have a run judged by one worker of a cluster, without progress."""
    with cluster(tmp_path_factory.mktemp("cluster"), workers=1) as found:
        yield "--scheduler", found.address, "--quiet"
