"""Writes JSON Schemas of files we read and of the report: `python -m policyscan.report.schemas`.

Those of files, which are configurations, profiles, waivers and answers of data sources, are made of
the forms that policyscan itself checks them by.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from policyscan.engine import (
    PackRule,
    built_in_pack,
    configuration_form,
    load_pack,
    profile_form,
)
from policyscan.engine.data_file import DATA_FORM
from policyscan.engine.form import Form
from policyscan.engine.waiver_file import WAIVERS_FORM
from policyscan.report.report_schema import report_schema

FOLDER = Path(__file__).resolve().parents[1] / "schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas(pack: tuple[PackRule, ...]) -> dict[str, str]:
    """Every schema by its file name."""
    forms: dict[str, Form] = {
        "configuration": configuration_form(pack),
        "profile": profile_form(pack),
        "waivers": WAIVERS_FORM,
        "data": DATA_FORM,
    }
    found = {
        # An empty file sets nothing.
        **{
            name: {**form.schema, "type": [form.schema["type"], "null"]}
            for name, form in forms.items()
        },
        "report": report_schema(),
    }
    return {
        f"{name}.schema.json": json.dumps(
            {"$schema": _DIALECT, **schema}, indent=1, ensure_ascii=False
        )
        + "\n"
        for name, schema in found.items()
    }


def write_schemas(folder: Path) -> None:
    """Write every schema."""
    for name, text in schemas(load_pack(built_in_pack())).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
