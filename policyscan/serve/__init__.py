"""HCP Terraform run tasks: a signed request -> a scan in a process of its own -> its result.

The protocol is HashiCorp's "Run tasks integration API". Nothing here judges a plan: that does
`policyscan scan`, run as anyone runs it, so that both always say the same.
"""
