"""Objects that `import` blocks name: only the account knows them, so they are taken as configured.

The protocol asks for an object before it tells the configuration. So a first plan learns what is
configured for each, settled as a simulated apply would, and the next one is told that this exists:
an import that changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from policyscan.planner.applied import Applied
from policyscan.planner.provider import Provider
from policyscan.planner.schema.template import MADE_UP, PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.planner.change import Step
    from policyscan.planner.provider import Configuration
    from policyscan.planner.schema import Block


class Imports(Struct, frozen=True):
    """(type, import id) -> what is configured for it, as far as it was learned."""

    learned: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


class Importing(Provider, frozen=True):
    """A provider for a configuration with `import` blocks."""

    imports: Imports

    @classmethod
    def of(cls, provider: Provider, imports: Imports) -> Importing:
        """The same provider, drawing on what was learned, and learning."""
        own = {each: getattr(provider, each) for each in Provider.__struct_fields__}
        return cls(**own, imports=imports)

    def existing(self, resource_type: str, identifier: str) -> dict[str, Any]:
        """What an import finds: as learned, else an object of which only the id is known."""
        known = self.imports.learned.get((resource_type, identifier))
        return known or _bare(self.schema.resources[resource_type], identifier)

    def plan(  # noqa: PLR0913 - as core asks
        self,
        configuration: Configuration,
        resource_type: str,
        *,
        config: dict[str, Any],
        proposed: dict[str, Any],
        prior: dict[str, Any] | None,
        identifier: str = "",
    ) -> tuple[dict[str, Any], list[tuple[Step, ...]]]:
        """The planned object; of one that was just imported, and is new to us, we learn it."""
        place = resource_type, identifier
        if not identifier or place in self.imports.learned:
            return Provider.plan(
                self, configuration, resource_type, config=config, proposed=proposed, prior=prior
            )
        applying = replace(self, strategy=Applied(lambda _type: " ".join(place)))
        planned, _ = Provider.plan(
            applying, configuration, resource_type, config=config, proposed=proposed, prior=None
        )
        planned |= _identity(planned, self._hints(resource_type).applied, identifier)
        settled = applying.apply(configuration, resource_type, prior=None, planned=planned) or {}
        self.imports.learned[place] = settled
        return settled, []


def _bare(block: Block, identifier: str) -> dict[str, Any]:
    bare: dict[str, Any] = dict.fromkeys(block.attributes)
    if "id" in bare:
        bare["id"] = identifier
    return bare | {
        name: None if nested.nesting == "single" else []
        for name, nested in block.block_types.items()
    }


def _identity(
    planned: Mapping[str, Any], templates: Mapping[str, Any], identifier: str
) -> dict[str, str]:
    """The attribute that an import id is: an ARN, or an id that follows from nothing else."""
    name = "arn" if identifier.startswith("arn:") else "id"
    template = str(templates.get(name, "{uuid}"))
    is_free = name == "arn" or any(
        MADE_UP.fullmatch(found["name"]) for found in PLACEHOLDER.finditer(template)
    )
    return {name: identifier} if name in planned and is_free else {}
