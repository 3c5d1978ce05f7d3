"""What the `template_file` data source renders, where a template only names its variables.

Anything else in a template takes the whole of Terraform's language.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = re.compile(
    r"(?P<escape>\$\$\{|%%\{)|\$\{[ \t]*(?P<name>[A-Za-z_][\w-]*)[ \t]*\}|(?P<more>[$%]\{)"
)


def rendered(config: Mapping[str, Any]) -> str | None:
    """The rendered text, None when it cannot be known: the template does more than name variables.

    Source: terraform-provider-template 2.2, template/datasource_template_file.go.
    """
    template, variables = config.get("template"), config.get("vars") or {}
    if not isinstance(template, str) or not isinstance(variables, dict):
        return None
    if any(
        each["more"] or (each["name"] and not isinstance(variables.get(each["name"]), str))
        for each in _MARK.finditer(template)
    ):
        return None
    return _MARK.sub(
        lambda mark: mark[0][1:] if mark["escape"] else str(variables[mark["name"]]), template
    )
