"""Beside stage 5: other tools' results in our report, and our pack inside other tools.

Checkov lives in an environment of its own; what talks to it belongs here and nowhere else.
"""
