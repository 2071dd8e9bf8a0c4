"""`deploy/apache-oidc.conf`, its definitions changed, with a small provider and a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import expect

from phbkit.casebank import CaseBank
from phbkit.records import open_store
from phbkit.workbook.module import Module
from tests import programs
from tests.browser.player import Mouse, commit_step, fill_step, open_step, wait_ready
from tests.browser.served import Served, wait_until_up
from tests.browser.windows import Windows
from tests.deploy.test_nginx import make_certificate, wait_until_encrypted
from tests.made import careful
from tests.need_programs import APACHE_MODULES, apache
from tests.ports import free_port

CONFIG = Path(__file__).parents[2] / "deploy" / "apache-oidc.conf"
MODULES = (
    "mpm_event authn_core authz_core authz_user alias headers proxy proxy_http auth_openidc ssl"
).split()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Served]]:
    port, inside, at_provider = free_port(), free_port(), free_port()
    url = f"https://127.0.0.1:{port}"
    provider = f"http://127.0.0.1:{at_provider}"
    make_certificate(tmp_path)
    (tmp_path / "secret").write_text("OIDCClientSecret one\nOIDCCryptoPassphrase another\n")
    changed = {
        "*:443": f"127.0.0.1:{port}",
        "Define PHB_SITE phb.example.nhs.uk": f"Define PHB_SITE 127.0.0.1:{port}",
        "ServerName ${PHB_SITE}": "ServerName 127.0.0.1",
        "/etc/ssl/phbkit/fullchain.pem": str(tmp_path / "cert.pem"),
        "/etc/ssl/phbkit/privkey.pem": str(tmp_path / "key.pem"),
        "https://login.example.nhs.uk/": f"{provider}/",
        "/etc/apache2/phbkit-oidc.secret": str(tmp_path / "secret"),
        "http://127.0.0.1:8866/": f"http://127.0.0.1:{inside}/",
    }
    text = CONFIG.read_text()
    for before, after in changed.items():
        assert before in text
        text = text.replace(before, after)
    whole = [
        f"ServerRoot {tmp_path}",
        f"DefaultRuntimeDir {tmp_path}",
        f"PidFile {tmp_path}/apache.pid",
        "ErrorLog /dev/stderr",
        *(["User www-data", "Group www-data"] if os.geteuid() == 0 else []),
        *(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in MODULES),
        f"Listen 127.0.0.1:{port}",
        text,
    ]
    (tmp_path / "apache.conf").write_text("\n".join(whole))
    (tmp_path / "data").mkdir()
    served = Served(
        tmp_path / "data", inside, env={"PHB_SIGN_IN": "header", "PHB_PUBLIC_URL": f"{url}/"}
    )
    program = apache()
    assert program
    with ExitStack() as stack:
        served.start()
        stack.callback(served.stop)
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", at_provider]
        quiet = subprocess.DEVNULL
        process = stack.enter_context(programs.running(command, stdout=quiet, stderr=quiet))
        wait_until_up(provider, process)
        command = [program, "-f", tmp_path / "apache.conf", "-DFOREGROUND"]
        log = stack.enter_context((tmp_path / "apache.log").open("w"))
        process = stack.enter_context(programs.running(command, stdout=log, stderr=log))
        wait_until_encrypted(url, process, tmp_path / "apache.log")
        yield url, served


def test_a_learner_signs_in_at_the_provider_answers_a_step_and_signs_out(
    site: tuple[str, Served], windows: Windows, bank: CaseBank
) -> None:
    url, served = site
    case, page = bank.load("know-the-deal"), windows.open(ignore_https_errors=True)
    page.route("https://cdn.jsdelivr.net/**", lambda route: route.fulfill(body=""))  # its style
    page.goto(f"{url}/review")
    expect(page.get_by_role("button", name="Join")).to_be_visible()
    claimed = page.request.get(f"{url}/review", headers={"X-Forwarded-User": "ann"})
    assert "Whoever opens a meeting signs in first" in claimed.text()
    page.goto(f"{url}/")
    page.get_by_placeholder("sub").fill("ann")
    page.get_by_role("button", name="Authorize").click()
    page.get_by_role("link", name="Start Know the deal").click()
    wait_ready(page)
    hand, first = Mouse(page), case.steps[0]
    open_step(page, hand, first)
    fill_step(page, hand, case, first, careful(case))
    commit_step(page, hand, first)
    store = open_store(served.database)
    attempt = store.latest("ann", case.id)
    assert attempt
    assert Module(case, store.journal(attempt.id)).state(first) == "done"
    page.goto(f"{url}/sign-out")
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_role("button", name="Join")).to_be_visible()
    page.goto(f"{url}/")
    expect(page.get_by_placeholder("sub")).to_be_visible()
