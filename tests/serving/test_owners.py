"""Places for kernels: whose they are, how many there may be, and what a kernel that dies leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

import pytest
from traitlets.config import Config

from phbkit.forms import FORM_IS_THERE
from phbkit.kernels import provisioner
from phbkit.serving.app import _configuration
from phbkit.serving.owners import Client, Kernels, Owner
from phbkit.settings import Settings

ANN, BEN = Owner("learner", "ann"), Owner("learner", "ben")
A_PAGE = {FORM_IS_THERE: "1"}


def kernels(**most: int) -> Kernels:
    config = Config()
    config.AsyncKernelManager.client_factory = Client
    config.KernelManager.transport = "ipc"
    config.KernelProvisionerFactory.default_provisioner_name = provisioner.NAME
    return Kernels(config=config, **most)


async def started(server: Kernels, owner: Owner, environment: Mapping[str, str] = A_PAGE) -> str:
    """Start a kernel for somebody, and wait until it answers."""
    kernel = await server.place_for(owner, environment)
    await server.start_kernel(kernel_id=kernel, kernel_name="python3", path="")
    client = server.get_kernel(kernel).client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
    finally:
        client.stop_channels()
    return kernel


def test_the_oldest_of_somebody_s_kernels_goes_for_another_and_nobody_else_s() -> None:
    async def look() -> None:
        server = kernels(most=3, most_each=1)
        bens = await started(server, BEN)
        first = await started(server, ANN)
        second = await server.place_for(ANN, A_PAGE)
        assert server.owner(second) == ANN
        assert (first in server, bens in server) == (False, True)
        assert not await server.place_for(ANN, A_PAGE)  # the one before has not begun
        await server.end(second)
        assert await server.place_for(ANN, A_PAGE)
        await server.end(bens)
        assert server.owner(bens) is None

    asyncio.run(look())


def test_nobody_opens_page_after_page_for_ever() -> None:
    async def look() -> None:
        server = kernels(most_openings=2)
        for _ in range(2):
            await server.end(await server.place_for(ANN, A_PAGE))
        assert not await server.place_for(ANN, A_PAGE)
        assert await server.place_for(BEN, A_PAGE)

    asyncio.run(look())


def test_somebody_opens_thirty_pages_in_ten_minutes_and_then_waits() -> None:
    async def look() -> None:
        server = kernels()
        for _ in range(30):
            await server.end(await server.place_for(ANN, A_PAGE))
        assert not await server.place_for(ANN, A_PAGE)
        assert 500 < server._openings.wait("learner ann") <= 600

    asyncio.run(look())


def test_only_who_is_alone_on_a_machine_opens_more_pages_than_others_may() -> None:
    for sign_in, most in (("local", 9 * 30), ("links", None), ("header", None)):
        using = Settings(most_kernels=9, sign_in=sign_in, data_dir="/nowhere")
        made = _configuration(using, "127.0.0.1", 8866, "/", only_reviews=False).Kernels
        assert made.get("most_openings") == most


def test_a_full_server_has_no_place_while_every_kernel_is_new() -> None:
    async def look() -> None:
        server = kernels(most=1)
        anns = await started(server, ANN)
        assert not await server.place_for(BEN, A_PAGE)
        await server.end(anns)
        assert await server.place_for(BEN, A_PAGE)

    asyncio.run(look())


def test_seats_leave_places_for_learners_and_make_room_among_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def look() -> None:
        server = kernels(most=3, most_seats=1)
        anns = await started(server, ANN)  # the longest without work
        fays = await started(server, Owner("seat", "fay"))
        assert not await server.place_for(Owner("seat", "gus"), A_PAGE)
        monkeypatch.setattr("phbkit.serving.owners._UNSEEN_SECONDS", -1.0)
        assert await server.place_for(Owner("seat", "gus"), A_PAGE)
        assert (fays in server, anns in server) == (False, True)
        await server.end(anns)

    asyncio.run(look())


def test_half_of_all_places_are_kept_for_modules_where_there_are_any() -> None:
    made = partial(_configuration, Settings(most_kernels=9), "127.0.0.1", 8866, "/")
    assert made(only_reviews=False).Kernels.most_seats == 4
    assert "most_seats" not in made(only_reviews=True).Kernels


def test_what_a_sign_in_opened_ends_with_it() -> None:
    async def look() -> None:
        server = kernels()
        phones, desks = [await server.place_for(ANN, A_PAGE, each) for each in ("phone", "desk")]
        for kernel in (phones, desks):
            await server.start_kernel(kernel_id=kernel, kernel_name="python3", path="")
        assert server.sign_ins() == {"phone", "desk"}
        await server.end_signed_out({"phone"})
        assert (phones in server, desks in server) == (False, True)
        await server.end(desks)

    asyncio.run(look())


def test_no_kernel_is_started_without_a_place() -> None:
    async def look() -> None:
        with pytest.raises(PermissionError, match="for somebody"):
            await kernels().start_kernel(kernel_name="python3")

    asyncio.run(look())


def test_a_kernel_that_dies_before_it_answers_is_told_of_and_leaves_nothing() -> None:
    async def look() -> None:
        server = kernels()
        kernel = await server.place_for(ANN, A_PAGE)
        await server.start_kernel(kernel_id=kernel, kernel_name="python3", path="")
        server.get_kernel(kernel).provisioner.process.kill()
        client = server.get_kernel(kernel).client()
        client.start_channels()
        with pytest.raises(RuntimeError, match="died before it answered"):
            await client.wait_for_ready(timeout=60)
        client.stop_channels()
        await server.end(kernel)
        assert server.list_kernel_ids() == []
        assert server.owner(kernel) is None

    asyncio.run(look())
