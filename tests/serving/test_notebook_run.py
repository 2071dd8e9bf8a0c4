"""A page's kernel: started, and started again when something else has taken one of its ports."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from jupyter_client.provisioning import local_provisioner
from nbformat import v4

from phbkit.forms import FORM_IS_THERE
from phbkit.serving.notebook_run import Run
from phbkit.serving.owners import Kernels, Owner

ANN = Owner("learner", "ann")


@pytest.fixture
def taken() -> Iterator[list[int]]:
    """Ports that something else listens on."""
    with ExitStack() as held:
        ports = []
        for _ in range(5):
            other = held.enter_context(socket.socket())
            other.bind(("127.0.0.1", 0))
            other.listen()
            ports.append(other.getsockname()[1])
        yield ports


def played(kernels: Kernels) -> Run:
    return Run(kernels, v4.new_notebook(cells=[v4.new_code_cell("6 * 7")]))


async def opened(kernels: Kernels) -> tuple[str, list[str]]:
    """Open a page, and return its kernel and what its cells show."""
    run = played(kernels)
    try:
        with kernels.opened_by(ANN, {FORM_IS_THERE: "1"}):
            kernel = await run.start()
            assert kernels.owner(kernel) == ANN
            return kernel, [out[0].data["text/plain"] async for _, out in run.outputs()]
    finally:
        await run.end()


def test_a_kernel_whose_port_is_taken_meanwhile_is_started_again(
    taken: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    free = local_provisioner.LocalPortCache.find_available_port

    def found(self: local_provisioner.LocalPortCache, ip: str) -> int:
        return taken.pop() if taken else free(self, ip)

    monkeypatch.setattr(local_provisioner.LocalPortCache, "find_available_port", found)

    async def look() -> None:
        kernels = Kernels()
        _, shown = await opened(kernels)
        assert shown == ["42"]
        assert "started again" in caplog.text
        assert kernels.list_kernel_ids() == []
        assert await kernels.room_for(ANN)

    asyncio.run(look())


def test_a_kernel_that_always_dies_is_told_of_and_leaves_nothing(
    taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        local_provisioner.LocalPortCache, "find_available_port", lambda *_: taken[0]
    )

    async def look() -> None:
        kernels = Kernels()
        with pytest.raises(RuntimeError, match="died before it answered"):
            await opened(kernels)
        assert kernels.list_kernel_ids() == []

    asyncio.run(look())
