"""A report in real, headless Chromium, with all it asks for and all it complains of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from tests.report.judges import node_module
from tests.required import missing, skip_if_left_out

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine. Skips the test without, as POLICYSCAN_REQUIRE_CHROMIUM says."""
    skip_if_left_out("CHROMIUM")
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        missing("CHROMIUM", "chromium is not on PATH")
    with sync_playwright() as playwright:
        # Root may not have a sandbox, and CI is root.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page with what it has said and asked for so far."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def trouble(self) -> list[str]:
        """Errors, warnings and dialogs, and every request but that for the file itself."""
        return [*self.said, *self.asked[1:]]

    def refuse(self, dialog: Dialog) -> None:
        """Send a dialog away, which nothing of ours opens."""
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def eval(self, script: str) -> Any:
        """What an expression comes to in the page."""
        return self.page.evaluate(script)

    def wait(self, script: str) -> None:
        """Until an expression is true.

        Playwright's own way to wait evaluates texts inside the page, which its policy forbids.
        """
        for _ in range(200):
            if self.eval(script):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(script)

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that are on the screen."""
        return [
            each.inner_text() for each in self.page.locator(selector).all() if each.is_visible()
        ]

    def names(self, selector: str) -> list[str]:
        """What a screen reader calls the boxes of a drawing."""
        return [
            each.text_content() or "" for each in self.page.locator(f"{selector} > title").all()
        ]

    def violations(self) -> list[str]:
        """What axe-core finds wrong for people who see little, or use no mouse."""
        self.eval((node_module("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
        found = self.eval("axe.run()")["violations"]
        return [
            f"{each['id']} ({each['impact']}): {node['html'][:120]}"
            for each in found
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"][:3]
        ]


@contextmanager
def opened(
    browser: Browser, path: Path, link: str = "", *, ready: str = "body[data-ready]", **context: Any
) -> Iterator[Opened]:
    """A file, opened from disk by itself, at a link inside it, when it has what makes it ready."""
    options: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, **context}
    with browser.new_context(**options) as room:
        room.set_default_timeout(10_000)
        one = Opened(room.new_page())
        one.page.on("console", lambda message: one.said.append(message.text))
        one.page.on("pageerror", lambda error: one.said.append(str(error)))
        one.page.on("request", lambda request: one.asked.append(request.url))
        one.page.on("dialog", one.refuse)
        one.page.goto(f"{path.as_uri()}{link}")
        one.page.wait_for_selector(ready, timeout=60_000)
        yield one
