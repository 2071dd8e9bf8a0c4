"""Ports for servers: none that the system gives away by itself, so that no two tests meet."""

from __future__ import annotations

import random
import socket

LOWEST, HIGHEST = 10_000, 32_000  # below the ports of outgoing connections and of kernels


def free_port() -> int:
    """Find a port of this machine that nobody listens on."""
    while True:
        port = random.SystemRandom().randint(LOWEST, HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
