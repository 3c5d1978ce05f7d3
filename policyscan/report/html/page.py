"""The page: template, style, script and the values they show, in one file that asks nobody."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from policyscan.report.safe import plain_json

_SPELT: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What could end the block of values, or begin anything else in HTML."""
_SCRIPT: Final = ("dom", "state", "told", "view", "shapes", "drawing", "main")
"""The files of the script, in the order they build on each other."""
_SLOT: Final = re.compile(r"@(\w+)@")


def page(document: dict[str, Any]) -> str:
    """The HTML.

    Nothing of the plan is in the markup: all of it is JSON in a block that no browser executes, and
    the script shows it as text. The policy lets run and look only what the hashes name, so that
    nothing else would even if it got in.
    """
    style = part("colours.css") + part("drawing.css") + part("style.css")
    script = "".join(part(f"script/{name}.js") for name in _SCRIPT)
    return filled(
        part("page.html"),
        policy=policy(style, script),
        style=style,
        script=script,
        values=_values(document),
    )


def policy(style: str, script: str = "") -> str:
    """What a page may do: run this script, if there is one, look like this, and nothing else."""
    scripts = [f"script-src '{_hash(script)}'"] if script else []
    return "; ".join(
        (
            "default-src 'none'",
            *scripts,
            f"style-src '{_hash(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def filled(template: str, **slots: str) -> str:
    """The template with what belongs into each `@slot@`, which is filled but once."""
    return _SLOT.sub(lambda slot: slots[slot[1]], template)


def part(name: str) -> str:
    """The text of a file that lies beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _values(document: dict[str, Any]) -> str:
    text = plain_json(json.dumps(document, separators=(",", ":")))
    return re.sub("[<>&]", lambda found: _SPELT[found[0]], text)
