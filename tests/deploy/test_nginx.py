"""`deploy/nginx.conf`, its marked lines changed, before a real server: HTTPS from end to end."""

from __future__ import annotations

import re
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from phbkit.meeting.sessions import open_sessions
from phbkit.serving.app import _configuration
from phbkit.settings import Settings
from tests import programs
from tests.browser.axe import violations
from tests.browser.served import Served
from tests.browser.training import FORM, PEOPLE, Answer, Training
from tests.browser.windows import Windows
from tests.need_programs import nginx
from tests.ports import free_port

CONFIG = Path(__file__).parents[2] / "deploy" / "nginx.conf"
ANN = PEOPLE[0]
PATIENCE = 90_000


@dataclass
class Site:
    """A server of learners behind nginx."""

    training: Training
    url: str
    folder: Path
    plain_port: int

    @property
    def log(self) -> Path:
        return self.folder / "nginx.log"

    def nginx(self, *words: str) -> list[str]:
        """Give the command of the real nginx with our configuration."""
        program = nginx()
        assert program
        return [program, "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder), *words]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    port, inside, plain = free_port(), free_port(), free_port()
    url = f"https://127.0.0.1:{port}"
    make_certificate(folder)
    changed = {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "phb.example.nhs.uk": "127.0.0.1",
        "/etc/ssl/phbkit/fullchain.pem": str(folder / "cert.pem"),
        "/etc/ssl/phbkit/privkey.pem": str(folder / "key.pem"),
        "127.0.0.1:8866": f"127.0.0.1:{inside}",
        "/run/nginx.pid": str(folder / "nginx.pid"),
    }
    text = CONFIG.read_text()
    for before, after in changed.items():
        assert before in text
        text = text.replace(before, after)
    (folder / "nginx.conf").write_text(text)
    (folder / "data").mkdir()
    training = Training(folder / "data", inside, env={"PHB_PUBLIC_URL": url})
    made = Site(training, url, folder, plain)
    with ExitStack() as stack:
        training.start()
        stack.callback(training.stop)
        log = stack.enter_context(made.log.open("w"))
        command = made.nginx("-g", "daemon off;")
        process = stack.enter_context(programs.running(command, stderr=log, stdout=log))
        wait_until_encrypted(url, process, made.log)
        yield made


def make_certificate(folder: Path) -> None:
    """Make a certificate of this machine, and its key, in a folder."""
    command = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
        "-subj", "/CN=127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)


def wait_until_encrypted(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a proxy answers, or fail with what it wrote."""
    trusting = ssl._create_unverified_context()
    while process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5, context=trusting).close()
        except urllib.error.HTTPError:
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(log.read_text())


def ask(
    site: Site, path: str, address: str = "127.0.0.1", form: str | None = None, **headers: str
) -> Answer:
    """Send one request from an address of this machine: a form, if one is given."""
    host, trusting = site.url.removeprefix("https://"), ssl._create_unverified_context()
    line = HTTPSConnection(host, timeout=60, context=trusting, source_address=(address, 0))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    line.request("POST" if form else "GET", path, form, {"Content-Type": FORM, **named})
    reply = line.getresponse()
    answer = Answer(reply.status, reply.read().decode(), reply.headers)
    line.close()
    return answer


@pytest.fixture
def page(windows: Windows) -> Page:
    return windows.open(ignore_https_errors=True, viewport={"width": 360, "height": 740})


def test_a_learner_comes_in_by_their_link_plays_and_signs_out(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/")
    expect(page.get_by_role("heading", name="Open your personal link")).to_be_visible()
    assert violations(page) == []
    [token] = site.training.invite(ANN)
    page.goto(f"{site.url}/enter/{token}")
    expect(page.get_by_role("heading", name="This link is for Ann Example")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="I am Ann Example").click()
    expect(page.get_by_text("Ann Example")).to_be_visible()
    assert violations(page) == []
    [cookie] = [each for each in page.context.cookies() if "phb-learner" in each.get("name", "")]
    assert (cookie.get("secure"), cookie.get("httpOnly"), cookie.get("sameSite")) == (
        True, True, "Lax"
    )  # fmt: skip
    planted = f"phb-learner={cookie.get('value')}"  # as any host below nhs.uk could
    assert ask(site, "/", Cookie=planted).status == 401
    assert ask(site, "/", Cookie=f"__Host-{planted}").status == 200
    page.get_by_role("link", name="Start Know the deal").click()
    page.wait_for_selector("body[data-ready]", timeout=PATIENCE)
    page.goto(f"{site.url}/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{site.url}/")
    expect(page.get_by_role("heading", name="Open your personal link")).to_be_visible()
    assert token not in site.log.read_text()


def test_a_link_that_has_ended_says_what_to_do_on_a_page_for_everybody(
    site: Site, page: Page
) -> None:
    page.goto(f"{site.url}/enter/nonsense.x")
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
    assert violations(page) == []


def test_nobody_names_themselves_through_the_proxy(site: Site, tmp_path: Path) -> None:
    site.training.stop()
    env = {"PHB_SIGN_IN": "header", "PHB_PUBLIC_URL": site.url}
    believing = Served(tmp_path, site.training.port, env=env)
    try:
        believing.start()
        header = {"X-Forwarded-User": "ann"}
        direct = urllib.request.Request(believing.url, headers=header)
        with urllib.request.urlopen(direct, timeout=60) as page:
            assert page.status == 200
        assert ask(site, "/", X_Forwarded_User="ann").status == 401
    finally:
        believing.stop()
        site.training.start()


def test_wrong_codes_from_one_address_behind_the_proxy_keep_no_other_out(site: Site) -> None:
    sessions = open_sessions(site.training.database)
    data = {"title": "Detox", "mode": "training", "things": [], "name": "Fay"}
    code = sessions.open("alcohol-detox-at-home", "training", data=data)[0].code

    def join(address: str, code: str) -> Answer:
        fields = {"_xsrf": "x", "code": code, "role": "gp", "name": f"At {address}"}
        return ask(site, "/review/join", address, urlencode(fields), Cookie="_xsrf=x")

    for _ in range(100):
        assert "opens no meeting" in join("127.0.2.1", "CCC-CCC").text
    assert "too many wrong codes" in join("127.0.2.1", code).text
    assert join("127.0.2.2", code).status == 303


def test_http_is_sent_on_to_https_and_metrics_are_not_for_outside(site: Site) -> None:
    plain = HTTPConnection("127.0.0.1", site.plain_port, timeout=60)
    plain.request("GET", "/enter/x.y?z=1")
    reply = plain.getresponse()
    assert (reply.status, reply.getheader("Location")) == (301, "https://127.0.0.1/enter/x.y?z=1")
    plain.close()
    refused = ask(site, "/metrics")
    assert (refused.status, "nginx" in refused.text) == (404, True)  # and not asked for inside
    assert ask(site, "/health").status == 200


def test_a_form_is_as_long_as_the_server_takes_and_no_longer(site: Site) -> None:
    assert ask(site, "/review/join", form="x" * 64 * 1024).status == 403  # it has no token
    assert ask(site, "/review/join", form="x" * (64 * 1024 + 1)).status == 413


def test_the_proxy_waits_longer_for_a_page_than_the_server_for_its_kernel() -> None:
    [hours] = re.findall(r"^ +proxy_read_timeout (\d+)h;", CONFIG.read_text(), re.MULTILINE)
    server = _configuration(Settings(), "127.0.0.1", 8866, "/", only_reviews=False).VoilaExecutor
    assert int(hours) * 3600 > server.startup_timeout + server.timeout


def test_nginx_reloads_by_the_process_id_that_debians_unit_looks_for(site: Site) -> None:
    unit = Path("/lib/systemd/system/nginx.service")
    if unit.exists():  # on Debian
        pid = next(line for line in CONFIG.read_text().splitlines() if line.startswith("pid "))
        assert f"PIDFile={pid.split()[1].rstrip(';')}\n" in unit.read_text()
    config = site.folder / "nginx.conf"
    assert ask(site, "/").headers["Strict-Transport-Security"] == "max-age=31536000"
    config.write_text(config.read_text().replace("max-age=31536000", "max-age=31536001"))
    subprocess.run(site.nginx("-s", "reload"), check=True, capture_output=True)
    while ask(site, "/").headers["Strict-Transport-Security"] != "max-age=31536001":
        time.sleep(0.05)  # connections go on with the old configuration until they end


def test_while_the_server_starts_again_a_page_says_so_and_no_link_is_logged(site: Site) -> None:
    site.training.stop()
    try:
        told = ask(site, "/enter/secret.link")
    finally:
        site.training.start()
    assert (told.status, "Your answers are kept" in told.text) == (503, True)
    assert 'http-equiv="refresh"' in told.text
    assert "secret.link" not in site.log.read_text()
