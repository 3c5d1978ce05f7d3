"""Has every Python of a test know of storage that fails."""

from fsspec.registry import known_implementations

known_implementations["flaky"] = {"class": "flaky_storage.FlakyStorage"}
