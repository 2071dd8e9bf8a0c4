"""Tests of packages: modules as one zip that needs no server."""
