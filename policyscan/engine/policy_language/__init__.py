"""Policies in Checkov's YAML language, judged on our graph.

A file is read (`policy`, `written`, `read`) into a tree of `conditions`; `evaluate` judges it on a
`scene`, with `attribute` and `connection` for the leaves, in three truths. docs/yaml-rules.md is
the language.
"""

from policyscan.engine.policy_language.operators import OPERATORS
from policyscan.engine.policy_language.policy import Policy, parse_policy, read_policy

__all__ = ["OPERATORS", "Policy", "parse_policy", "read_policy"]
