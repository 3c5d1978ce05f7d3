"""Modules that are loaded when something of theirs is used, not when they are imported."""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .nodes import Graph
from .paths import quicken, quicken_jsonpath

# What judges a plan without a platform, a network or a repository never touches. Of Checkov's own
# modules those stand here that lead to many others.
PUT_OFF = (
    "aiohttp",
    "asteval",
    "asyncio",
    "bc_jsonpath_ng",
    "cachetools",
    "charset_normalizer",
    "checkov.common.bridgecrew.integration_features",
    "checkov.common.bridgecrew.platform_integration",
    "checkov.common.external_checks.verification",
    "checkov.common.output",
    "checkov.common.runners.base_runner",
    "checkov.common.sast.report_types",
    "checkov.common.util.http_utils",
    "checkov.terraform.context_parsers.tf_plan",
    "checkov.terraform.graph_builder.foreach.builder",
    "checkov.terraform.graph_builder.variable_rendering.evaluate_terraform",
    "checkov.terraform.graph_builder.variable_rendering.renderer",
    "cloudsplaining",
    "detect_secrets",
    "dpath",
    "hcl2",
    "jsonschema",
    "lark",
    "networkx",
    "policy_sentry",
    "pydantic",
    "regex",
    "requests",
    "rustworkx",
    "ssl",
    "termcolor",
    "tqdm",
    "urllib3",
    "yaml",
)

# Packages whose only content is to import everything below them.
EMPTIED = (
    "checkov.cloudformation",
    "checkov.terraform",
    "checkov.terraform.checks",
    "checkov.terraform.checks.data",
    "checkov.terraform.checks.data.aws",
    "checkov.terraform.checks.provider",
    "checkov.terraform.checks.provider.aws",
    "checkov.terraform.checks.resource",
    "checkov.terraform.checks.resource.aws",
    "checkov.terraform.checks.resource.azure",
    "checkov.terraform.checks.resource.gcp",
    "checkov.terraform.context_parsers",
    "checkov.terraform.image_referencer",
    "checkov.terraform.modules",
)


class Later:
    """A name of a module that is not loaded yet; whatever is done with it loads the module."""

    def __init__(self, finder: Finder, module: str, name: str) -> None:
        self.__dict__.update(_finder=finder, _module=module, _name=name)

    def _real(self) -> Any:
        return getattr(self._finder.load(self._module), self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._real(), name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Loads it."""
        return self._real()(*arguments, **options)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._real(),)

    def __instancecheck__(self, instance: Any) -> bool:
        # Nothing can be of a class that does not exist yet.
        return self._finder.loaded(self._module) and isinstance(instance, self._real())

    def __subclasscheck__(self, subclass: Any) -> bool:
        return issubclass(subclass, self._real())

    def __or__(self, other: Any) -> Any:  # in annotations only
        return object

    __ror__ = __or__

    def __getitem__(self, key: Any) -> Any:
        return self._real()[key]

    def __iter__(self) -> Any:
        return iter(self._real())

    def __contains__(self, key: Any) -> bool:
        return key in self._real()


class Stub(types.ModuleType):
    """A module that is not loaded yet."""

    def __init__(self, finder: Finder, name: str, known: Mapping[str, Any]) -> None:
        super().__init__(name)
        self.__dict__.update(known)
        self.__dict__["_finder"] = finder

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Later(self.__dict__["_finder"], self.__name__, name)


class Finder:
    """Finds a stub for what is put off.

    `known` holds names that are told without loading, `when_loaded` what to do with what is loaded.
    """

    def __init__(
        self,
        known: Mapping[str, Mapping[str, Any]],
        when_loaded: Mapping[str, Callable[[types.ModuleType], None]],
    ) -> None:
        self._put_off = set(PUT_OFF)
        self._known = known
        self._when_loaded = when_loaded

    def _top(self, name: str) -> str | None:
        while name and name not in self._put_off:
            name = name.rpartition(".")[0]
        return name or None

    def loaded(self, name: str) -> bool:
        """Whether something needed it already."""
        return self._top(name) is None

    def load(self, name: str) -> types.ModuleType:
        """The module itself, in place of its stub."""
        top = self._top(name)
        if top:
            self._put_off.discard(top)
            for stub in [each for each in sys.modules if f"{each}.".startswith(f"{top}.")]:
                del sys.modules[stub]
        module = importlib.import_module(name)
        if top and top in self._when_loaded:
            self._when_loaded[top](importlib.import_module(top))
        return module

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Python asks this before it looks for files."""
        del path, target
        if self._top(name) is None:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """A stub."""
        return Stub(self, spec.name, self._known.get(spec.name, {}))

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


def put_off(known: Mapping[str, Mapping[str, Any]]) -> None:
    """From now on import nothing that is not needed."""
    import checkov

    root = checkov.__path__[0]
    for name in EMPTIED:
        package = types.ModuleType(name)
        package.__path__ = [f"{root}/{name.removeprefix('checkov.').replace('.', '/')}"]
        package.__package__ = name
        sys.modules[name] = package
        parent, _, own = name.rpartition(".")
        setattr(sys.modules[parent], own, package)
    sys.meta_path.insert(0, Finder(known, {"dpath": quicken, "bc_jsonpath_ng": quicken_jsonpath}))
    from checkov.terraform.modules import module_objects

    for name in ("TFDefinitionKey", "TFModule"):
        setattr(sys.modules["checkov.terraform"], name, getattr(module_objects, name))


def told() -> dict[str, dict[str, Any]]:
    """Names of modules put off that are needed each time, and are told here instead."""
    return {
        "checkov.common.runners.base_runner": {"strtobool": _strtobool},
        "checkov.common.util.http_utils": {"normalize_bc_url": _unchanged},
        "rustworkx": {"PyDiGraph": Graph},
    }


def _strtobool(text: str) -> bool:
    return text.lower() in {"y", "yes", "t", "true", "on", "1"}


def _unchanged(url: str | None) -> str | None:
    return url
