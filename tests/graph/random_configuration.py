"""Random configurations of built-in resources, to be planned by real Terraform."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

_DEEPEST = 2

_GUARD = """  lifecycle {{
    precondition {{
      condition     = jsonencode({0}) != "x"
      error_message = "x"
    }}
  }}
"""


@dataclass
class _Module:
    """A module while it is written: what its expressions can name, and its text so far."""

    values: list[str] = field(default_factory=list)
    wholes: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


def write_configuration(folder: Path, seed: int) -> None:
    """Write a root module and the modules it calls; each only names what stands before it."""
    _write(random.Random(seed), folder, 0, ())  # noqa: S311 - no secret hangs on it


def _write(chance: random.Random, folder: Path, depth: int, inputs: tuple[str, ...]) -> list[str]:
    module = _Module([f"var.{name}" for name in inputs])
    module.text += [f'variable "{name}" {{\n  default = null\n}}' for name in inputs]
    kinds = ["resource", "resource", "resource", "local", *["call"] * (depth < _DEEPEST)]
    for number in range(chance.randint(3, 6)):
        match chance.choice(kinds):
            case "resource":
                _resource(chance, module, number)
            case "local":
                _local(chance, module, number)
            case _:
                _call(chance, module, number, folder, depth)
    for number in range(chance.randint(0, 2)):
        order = _order(chance, module)
        value = _expression(chance, module)
        module.text.append(f'output "o{number}" {{\n  value = {value}\n{order}}}')
        module.outputs.append(f"o{number}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text("\n\n".join([*module.text, ""]), encoding="utf-8")
    return module.outputs


def _expression(chance: random.Random, module: _Module) -> str:
    if not module.values or chance.random() < 0.15:
        return '"constant"'
    one, other = chance.choice(module.values), chance.choice(module.values)
    shapes = (
        one,
        one,
        f'"${{jsonencode({one})}}-x"',
        f"true ? jsonencode({one}) : jsonencode({other})",
        f"{{ p = {one}, q = {other} }}",
        f"try({one}, null)",
        f"[for number in [1, 2] : jsonencode({one})]",
    )
    return chance.choice(shapes)


def _order(chance: random.Random, module: _Module) -> str:
    if not module.wholes or chance.random() > 0.2:
        return ""
    return f"  depends_on = [{chance.choice(module.wholes)}]\n"


def _repetition(chance: random.Random, module: _Module) -> tuple[str, str, str]:
    """How often a block is made: its kind, its line, and what names the instance inside."""
    pair = f"{{ a = {_expression(chance, module)}, b = {_expression(chance, module)} }}"
    return chance.choice(
        (
            ("once", "", ""),
            ("once", "", ""),
            ("count", "  count = 2\n", ""),
            ("never", "  count = 0\n", ""),
            ("each", f"  for_each = {pair}\n", chance.choice(("each.key", "each.value", ""))),
        )
    )


def _local(chance: random.Random, module: _Module, number: int) -> None:
    module.text.append(f"locals {{\n  l{number} = {_expression(chance, module)}\n}}")
    module.values.append(f"local.l{number}")


def _resource(chance: random.Random, module: _Module, number: int) -> None:
    kind, line, own = _repetition(chance, module)
    name = f"terraform_data.r{number}"
    given = own or _expression(chance, module)
    order = _order(chance, module)
    guard = ""
    if module.values and chance.random() < 0.2:
        guard = _GUARD.format(chance.choice(module.values))
    module.text.append(
        f'resource "terraform_data" "r{number}" {{\n{line}  input = {given}\n{order}{guard}}}'
    )
    module.wholes.append(name)
    module.values += {
        "once": [f"{name}.id", name],
        "count": [f"{name}[0].id", f"{name}[*].id", f"{name}[1]"],
        "never": [f"{name}[*].id", f"one({name}[*].output)"],
        "each": [f'{name}["a"].id', name, f"{{ for key, one in {name} : key => one.id }}"],
    }[kind]


def _call(chance: random.Random, module: _Module, number: int, folder: Path, depth: int) -> None:
    kind, line, own = _repetition(chance, module)
    inputs = tuple(f"i{at}" for at in range(chance.randint(0, 2)))
    outputs = _write(chance, folder / f"m{number}", depth + 1, inputs)
    given = "".join(f"  {name} = {own or _expression(chance, module)}\n" for name in inputs)
    order = _order(chance, module)
    module.text.append(f'module "m{number}" {{\n  source = "./m{number}"\n{line}{given}{order}}}')
    name = f"module.m{number}"
    module.wholes.append(name)
    for output in outputs:
        module.values += {
            "once": [f"{name}.{output}"],
            "count": [f"{name}[0].{output}", f"{name}[*].{output}"],
            "never": [f"{name}[*].{output}"],
            "each": [f'{name}["a"].{output}', f"[for one in {name} : one.{output}]"],
        }[kind]
    if chance.random() < 0.3:
        module.values.append(name)
