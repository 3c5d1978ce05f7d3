"""Every type of the schemas, in a configuration made up for it."""
