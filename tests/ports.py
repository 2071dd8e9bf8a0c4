"""Ports for servers: none that the system gives away by itself, so that no two tests meet."""

from __future__ import annotations

import itertools
import os
import random
import socket

LOWEST, HIGHEST = 10_000, 32_000  # below the ports of outgoing connections and of kernels
WORKERS = 16  # that test at once, each with ports of its own
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % WORKERS
_own = range(LOWEST + _worker, HIGHEST, WORKERS)
_ports = itertools.cycle(random.SystemRandom().sample(_own, len(_own)))


def free_port() -> int:
    """Find a port of this machine that nobody listens on, and that was not given before."""
    while True:
        port = next(_ports)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
