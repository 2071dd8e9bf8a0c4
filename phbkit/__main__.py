"""`python -m phbkit` is `phb`."""

from phbkit.cli import entry

entry()
