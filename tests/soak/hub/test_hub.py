"""`deploy/jupyterhub_config.py`, as it is, with two learners in real browsers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from phbkit.cohort.register import open_register
from phbkit.records import open_store
from tests import programs
from tests.browser.windows import Windows
from tests.need_programs import HUB_PROXY
from tests.ports import free_port
from tests.soak.hub.platform import Platform, platform

CONFIG = Path(__file__).parents[3] / "deploy" / "jupyterhub_config.py"
PATIENCE = 120_000
PASSWORD = "for trying out, at least 32 long!"


@contextmanager
def hub(folder: Path, url: str, **settings: str) -> Iterator[None]:
    """Run JupyterHub with our configuration."""
    env = {
        **os.environ,
        "PHB_HUB_URL": url,
        "PHB_HUB_INSIDE": f"http://127.0.0.1:{free_port()}",
        "PHB_PROXY_INSIDE": f"http://127.0.0.1:{free_port()}",
        "PHB_PROXY": str(HUB_PROXY),
        "PHB_DATABASE": f"sqlite:///{folder / 'records.sqlite'}",
        **settings,
    }
    command = [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)]
    with (
        (folder / "hub.log").open("w") as log,
        programs.running(command, env=env, cwd=folder, stdout=log, stderr=log) as process,
    ):
        _wait_until_up(f"{url}/hub/health", process, folder / "hub.log")
        yield


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
            continue
        return
    raise AssertionError(log.read_text())


def modules(page: Page, learner: str) -> None:
    """Wait until the hub has started a learner's server and shows it."""
    page.wait_for_url(f"**/user/{learner}/", timeout=PATIENCE)
    heading = page.get_by_role("heading", name="Know the deal", exact=True)
    expect(heading).to_be_visible(timeout=PATIENCE)


def sign_in(page: Page, url: str, learner: str) -> Page:
    """Sign in at the hub with the password for trying things out."""
    page.goto(f"{url}/")
    page.get_by_label("Username").fill(learner)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    modules(page, learner)
    return page


def answer_the_first_step(page: Page) -> None:
    """Open the first module and answer its first step."""
    page.get_by_role("link", name="Know the deal").first.click(no_wait_after=True)
    page.wait_for_selector("body[data-ready]", timeout=PATIENCE)
    form = page.locator("form[data-step=judge]")
    for group in form.get_by_role("radiogroup").or_(form.locator("fieldset")).all():
        group.locator("input").first.check()
    form.locator("button[type=submit]").click()
    expect(page.locator("#phb-status")).to_contain_text("Saved at", timeout=PATIENCE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub")


def test_two_learners_have_a_server_each_and_neither_reaches_the_other_s(
    folder: Path, windows: Windows
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with hub(folder, url, PHB_TRY_PASSWORD=PASSWORD):
        pages = {name: sign_in(windows.open(), url, name) for name in ("ann", "ben")}
        answer_the_first_step(pages["ann"])
        store = open_store(f"sqlite:///{folder / 'records.sqlite'}")
        mine = store.latest("ann", "know-the-deal")
        assert mine
        assert [event.step for event in store.journal(mine.id).events()]
        assert store.latest("ben", "know-the-deal") is None
        answered = pages["ben"].goto(f"{url}/user/ann/module/know_the_deal")
        assert answered
        assert answered.status in {403, 404}
        expect(pages["ben"].locator("body[data-ready]")).not_to_be_attached()
        pages["ann"].goto(f"{url}/user/ann/")
        expect(pages["ann"].get_by_text("1 of 5 steps done")).to_be_visible()


def test_a_trainer_sees_how_far_their_cohort_has_come(folder: Path, windows: Windows) -> None:
    url, address = f"http://127.0.0.1:{free_port()}", f"sqlite:///{folder / 'records.sqlite'}"
    people = folder / "people.csv"
    people.write_text("learner,name,cohort,role\ncy,Cy Example,spring,\ntess,Tess,spring,trainer\n")
    command = [sys.executable, "-m", "phbkit", "invite", people, "-o", folder / "links.csv"]
    env = {**os.environ, "PHB_DATABASE": address, "PHB_DATA_DIR": str(folder)}
    subprocess.run([*command, "--url", url], env=env, check=True)
    with hub(folder, url, PHB_TRY_PASSWORD=PASSWORD):
        learner, trainer = (sign_in(windows.open(), url, name) for name in ("cy", "tess"))
        answer_the_first_step(learner)
        trainer.get_by_role("link", name="How far your cohort has come").click()
        expect(trainer.get_by_role("row").filter(has_text="Cy Example")).to_contain_text(
            "1 of 5 steps"
        )
        answered = learner.goto(f"{url}/user/cy/cohort")
        assert answered
        assert answered.status == 404


def test_a_server_that_nobody_uses_ends_and_starts_again_by_itself(
    folder: Path, windows: Windows
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with hub(folder, url, PHB_TRY_PASSWORD=PASSWORD, PHB_HUB_IDLE_SECONDS="40"):
        playing, gone = (sign_in(windows.open(), url, name) for name in ("pat", "sam"))
        playing.get_by_role("link", name="Know the deal").first.click(no_wait_after=True)
        playing.wait_for_selector("body[data-ready]", timeout=PATIENCE)
        log = folder / "hub.log"
        while "User sam server took" not in log.read_text():  # to stop
            gone.wait_for_timeout(500)
        assert "Culling server pat " not in log.read_text()
        gone.goto(f"{url}/user/sam/")
        modules(gone, "sam")


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, Path]]:
    folder, url = tmp_path_factory.mktemp("lti"), f"http://127.0.0.1:{free_port()}"
    with platform(free_port(), url) as there, hub(folder, url, **there.environment):
        yield there, folder


def test_a_learner_launched_by_lti_plays_under_their_opaque_id(
    launched: tuple[Platform, Path], windows: Windows
) -> None:
    there, folder = launched
    page = windows.open()
    page.goto(there.launch())
    page.get_by_role("button", name="Go on").click()
    modules(page, there.learner)
    answer_the_first_step(page)
    address = f"sqlite:///{folder / 'records.sqlite'}"
    assert open_store(address).latest(there.learner, "know-the-deal")
    assert [who.id for who in open_register(address).all()] == [there.learner]


def test_a_launch_that_the_platform_did_not_sign_is_refused(
    launched: tuple[Platform, Path], windows: Windows
) -> None:
    there, _ = launched
    there.forging = True
    page = windows.open()
    page.goto(there.launch())
    with page.expect_navigation() as went:
        page.get_by_role("button", name="Go on").click()
    assert went.value
    assert went.value.status in {400, 401, 403}
    page.goto(f"{there.hub}/hub/home")
    assert "/hub/home" not in page.url
