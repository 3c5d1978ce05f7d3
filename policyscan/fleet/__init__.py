"""Many plans, judged on a cluster -> tables of what was found.

Only this package knows Dask, fsspec, pyarrow and DuckDB, which are an extra: `policyscan[fleet]`.
"""
