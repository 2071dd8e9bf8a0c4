"""Kernels forked from the template: as good as any other, and gone with whoever started them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from phbkit.forms import FORM_IS_THERE
from phbkit.kernels import template
from phbkit.kernels.provisioner import NAME, WarmProvisioner
from tests import programs

PATIENCE = 60


@pytest.fixture(autouse=True)
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have kernels started by our provisioner, found by its entry point."""
    factory = KernelProvisionerFactory.instance(parent=None)
    assert NAME in factory.provisioners
    monkeypatch.setattr(factory, "default_provisioner_name", NAME)


@asynccontextmanager
async def kernel(**more: str) -> AsyncIterator[tuple[AsyncKernelManager, Any]]:
    manager = AsyncKernelManager(kernel_name="python3")
    await manager.start_kernel(env={**os.environ, **more})
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=PATIENCE)
        yield manager, client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def said(client: Any, code: str) -> str:
    """Run code, and return what it printed, or the name of its error."""
    texts: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        texts.append(content.get("text") or content.get("ename") or "")

    await client.execute_interactive(code, output_hook=hear, timeout=PATIENCE)
    return "".join(texts).strip()


def test_a_page_s_kernel_has_so_much_memory_and_goes_on_when_it_is_refused_more() -> None:
    async def look() -> None:
        async with kernel(**{FORM_IS_THERE: "1"}) as (_, client):
            assert await said(client, "held = bytearray(2 ** 29)") == "MemoryError"
            assert await said(client, "print(len(bytearray(2 ** 26)))") == str(2**26)

    asyncio.run(look())


async def interrupt(manager: AsyncKernelManager, client: Any) -> None:
    """Interrupt a cell that sleeps, and see that it was."""
    asked = client.execute("import time; print('begun'); time.sleep(600)")
    while (await client.get_iopub_msg(timeout=PATIENCE))["msg_type"] != "stream":
        continue
    await manager.interrupt_kernel()
    reply = await client.get_shell_msg(timeout=PATIENCE)
    while reply["parent_header"].get("msg_id") != asked:
        reply = await client.get_shell_msg(timeout=PATIENCE)
    assert reply["content"]["ename"] == "KeyboardInterrupt"


def test_a_warm_kernel_runs_code_with_everything_there_already() -> None:
    async def look() -> None:
        async with kernel() as (manager, client):
            assert isinstance(manager.provisioner, WarmProvisioner)
            loaded = "import sys; print('ipywidgets' in sys.modules)"
            assert await said(client, loaded) == "True"
            there = "import os; print(os.getcwd(), __name__, get_ipython().history_manager.enabled)"
            assert await said(client, there) == f"{Path.cwd()} __main__ True"
            assert await said(client, "1 / 0") == "ZeroDivisionError"
            widgets = "import comm; print(sorted(comm.get_comm_manager().targets))"
            assert "jupyter.widget.control" in await said(client, widgets)

    asyncio.run(look())


def test_the_kernel_of_a_page_takes_much_less_memory_and_does_all_that_a_page_asks() -> None:
    async def look() -> None:
        async with kernel() as (ordinary, _), kernel(**{FORM_IS_THERE: "1"}) as (pages, client):
            own = [each.provisioner.pid for each in (ordinary, pages)]
            whole, less = (psutil.Process(pid).memory_full_info().uss for pid in own)
            assert less < 0.7 * whole
            assert await said(client, "import os; print(os.getpid(), __name__)") == (
                f"{pages.provisioner.pid} __main__"
            )
            one = "shell = get_ipython(); print(shell.kernel.shell is shell)"
            assert await said(client, one) == "True"
            assert await said(client, "1 / 0") == "ZeroDivisionError"
            history = "print(get_ipython().history_manager.enabled)"
            assert await said(client, history) == "False"
            assert "jupyter.widget.control" in await said(
                client, "import comm; print(sorted(comm.get_comm_manager().targets))"
            )
            await interrupt(pages, client)

    asyncio.run(look())


def test_two_warm_kernels_draw_different_numbers_and_share_nothing() -> None:
    async def look() -> None:
        draw = "import random, numpy; print(random.random(), numpy.random.rand())"
        async with kernel() as (_, one), kernel() as (_, two):
            await said(one, "mine = 1; import phbkit; phbkit.mine = 1")
            look = "import phbkit; print('mine' in globals(), hasattr(phbkit, 'mine'))"
            assert await said(two, look) == "False False"
            first, second = await said(one, draw), await said(two, draw)
            assert len({*first.split(), *second.split()}) == 4

    asyncio.run(look())


def test_a_warm_kernel_is_interrupted_killed_and_started_again() -> None:
    async def look() -> None:
        async with kernel() as (manager, client):
            await interrupt(manager, client)
            os.kill(manager.provisioner.pid, 9)
            while await manager.is_alive():  # noqa: ASYNC110  nobody tells when it is dead
                await asyncio.sleep(0.05)
            await manager.restart_kernel(now=True)
            await client.wait_for_ready(timeout=PATIENCE)
            assert await said(client, "print(6 * 7)") == "42"

    asyncio.run(look())


_OWNER = """
import asyncio, sys
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from phbkit.kernels.provisioner import NAME
KernelProvisionerFactory.instance(parent=None).default_provisioner_name = NAME
async def main():
    manager = AsyncKernelManager(kernel_name="python3")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    client.execute("while True: pass")
    print(manager.provisioner.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


def test_a_busy_kernel_ends_when_its_server_is_killed() -> None:
    with programs.running([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        kernel = psutil.Process(int(owner.stdout.readline()))
        owner.kill()
        owner.wait()
        kernel.wait(timeout=PATIENCE)


def test_where_forking_cannot_work_kernels_start_as_they_always_did(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(template, "why_not", lambda: "no forks here")

    async def look() -> None:
        async with kernel() as (_, client):
            assert await said(client, "print(6 * 7)") == "42"

    asyncio.run(look())
    assert "started cold: no forks here" in caplog.text
