"""For those who write rules: a pack and its fixtures -> whether each rule does what it promises.

The fixtures of a pack lie beside it, in `fixtures/<name of the pack's folder>/<rule>/<case>/`: a
`main.tf`, the `plan.json` that Terraform makes of it, and the verdicts wanted in `expected.json`.
"""
