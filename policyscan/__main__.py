"""`python -m policyscan`."""

from policyscan.cli import main

main()
