"""The README's pictures of the page: two plans as Chromium shows them, drawn by `make pictures`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from policyscan.cli.commands import run
from tests.pictures.draw import COMMANDS, FOLDER, ROOT
from tests.report.browser import chromium, opened

SCREEN = {"width": 1280, "height": 760}

PAGES: Mapping[str, tuple[str, str]] = {
    "page-findings": ("findings", ""),
    "page-network": ("clean", "useScene('network'), document.activeElement.blur()"),
}
"""Each picture with the plan it is of, by its name in COMMANDS, and what is done to its page."""


def main() -> None:
    """Write every picture."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for name, (plan, script) in PAGES.items():
            path = Path(folder) / f"{name}.html"
            run([*COMMANDS[plan], "-f", f"html={path}", "--exit-zero"])
            with opened(browser, path, viewport=SCREEN) as page:
                page.eval(script or "0")
                # Long enough for the fonts, and for what was focused to be so no more.
                page.page.wait_for_timeout(300)
                page.page.screenshot(path=FOLDER / f"{name}.png")
                if page.trouble:
                    raise SystemExit(f"{name}: {page.trouble}")


if __name__ == "__main__":
    assert Path.cwd() == ROOT, "the plans are named as seen from the repository"
    main()
