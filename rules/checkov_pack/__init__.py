"""The folder for `checkov --external-checks-dir`; Checkov reads no folder without this file."""
