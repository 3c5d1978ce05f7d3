"""Draws the README's pictures: `make pictures`.

Runs policyscan in a terminal of 100 columns, and draws what it prints there as SVG. A picture shows
the first finding and the summary; where it leaves something out, a line says how much.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pictures"
COLUMNS, ROWS = 100, 50

# Without Checkov: what it finds is told at length, and by others in another version.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "clean": ("fixtures/reference/plan.json", "--source-dir", "infra", "--no-checkov"),
    "findings": ("fixtures/reference_broken/plan.json", "--no-checkov"),
}

_CONTROL = re.compile(r"\x1b\[[\d;]*m")
_SUMMARY = re.compile(r"\S+: \d+ resources\b")

# Rich's own template loads a font from the network. This one leaves that to whoever looks at it.
_TEMPLATE = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
}}
.{unique_id}-title {{ font-family: sans-serif; font-size: 18px; font-weight: bold }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix" xml:space="preserve">
{matrix}
</g>
</g>
</svg>
"""


def on_a_terminal(arguments: tuple[str, ...]) -> str:
    """What policyscan prints on a terminal, colours included, and nothing on stderr."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "policyscan", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", "PYTHONPATH": str(ROOT)},
    ) as process:
        os.close(slave)
        printed = b"".join(_read(master))
        os.close(master)
        assert process.stderr is not None
        said = process.stderr.read()
    if said or process.returncode not in {0, 1}:
        raise SystemExit(f"{arguments}: exit code {process.returncode}: {said.decode()}")
    return printed.decode().replace("\r\n", "\n")


def _read(master: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(master, 1 << 16)
        except OSError:  # how Linux says that nobody writes to a terminal any more
            return
        if not chunk:
            return
        yield chunk


def cut(report: str) -> str:
    """The first finding and the summary, with a line for the findings in between."""
    lines = report.rstrip("\n").split("\n")
    plain = [_CONTROL.sub("", line) for line in lines]
    heads = [number for number, line in enumerate(plain) if re.match(r"PS\d{3} ", line)]
    if len(heads) <= 1:
        return report
    (end,) = (number for number, line in enumerate(plain) if _SUMMARY.match(line))
    others = len(heads) - 1
    told = f"\x1b[2m… {others} more finding{'s' if others > 1 else ''}\x1b[0m"
    return "\n".join([*lines[: heads[1]], told, "", *lines[end:], ""])


def drawn(name: str) -> str:
    """One picture as SVG."""
    from rich.console import Console  # noqa: PLC0415 - tests ask for the names alone
    from rich.text import Text  # noqa: PLC0415

    arguments = COMMANDS[name]
    console = Console(
        file=io.StringIO(), record=True, width=COLUMNS, force_terminal=True, color_system="standard"
    )
    prompt = f"\x1b[1m$ policyscan {' '.join(arguments)}\x1b[0m\n"
    console.print(Text.from_ansi(prompt + cut(on_a_terminal(arguments))))
    svg = console.export_svg(title="policyscan", code_format=_TEMPLATE, unique_id=name)
    # Rich draws the end of each line too, which nobody sees, and indents lines it leaves empty.
    return re.sub(r"[ \t]+\n", "\n", re.sub(r"<text [^>]*>\n</text>", "", svg))


def main() -> int:
    """Write every picture."""
    if shutil.which("terraform") is None:
        raise SystemExit("terraform is not on PATH: with it more is decided, and a picture differs")
    FOLDER.mkdir(exist_ok=True)
    for name in COMMANDS:
        (FOLDER / f"{name}.svg").write_text(drawn(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
