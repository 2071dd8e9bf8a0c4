"""Somebody with a valid link, or with none, who wants what is not theirs."""

from __future__ import annotations

import http.client
import os
import resource
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection

from phbkit.cohort.links import Links
from phbkit.cohort.sign_in import COOKIE
from phbkit.meeting.sessions import open_sessions
from phbkit.records import open_store
from phbkit.records.attempts import MOST_A_DAY
from phbkit.serving.owners import MOST_EACH
from tests.browser.axe import violations
from tests.browser.sockets import PATIENCE, opened
from tests.browser.training import DAY, PEOPLE, SECRET, Training, Visitor
from tests.browser.windows import Windows
from tests.ports import free_port

ANN, BEN, CAT, DAN, TESS = PEOPLE
MEETING = {"name": "Fay", "mode": "training", "case": "alcohol-detox-at-home"}


@pytest.fixture
def ann(training: Training) -> Visitor:
    return training.visitor(ANN)


@pytest.fixture
def ben(training: Training) -> Visitor:
    return training.visitor(BEN)


@pytest.fixture
def nobody(training: Training) -> Visitor:
    return training.visitor()


def reach(visitor: Visitor, kernel: str) -> None:
    """Open a kernel's socket and hear something over it."""
    opened(visitor.served, lambda socket: socket.read_message(), kernel, **visitor.headers())


def test_a_link_takes_its_learner_to_their_modules(ann: Visitor) -> None:
    page = ann.ask("/")
    assert page.status == 200
    assert "Ann Example" in page.text
    reach(ann, ann.kernel())


# Links


def test_looking_at_a_link_signs_nobody_in(training: Training, nobody: Visitor) -> None:
    [token] = training.invite(ANN)
    page = nobody.ask(f"/enter/{token}")
    assert (page.status, "This link is for Ann Example" in page.text) == (200, True)
    assert COOKIE not in nobody.cookies
    assert page.headers["Referrer-Policy"] == "same-origin"  # no-referrer would send Origin: null
    assert page.headers["Cache-Control"] == "no-store"


def test_another_site_cannot_sign_a_browser_in(training: Training, nobody: Visitor) -> None:
    [token] = training.invite(ANN)
    assert nobody.ask(f"/enter/{token}", "POST", b"").status == 403
    assert nobody.post(f"/enter/{token}", {"_xsrf": "2|0|0|0"}).status == 403
    assert nobody.post(f"/enter/{token}", Origin="https://evil.example").status == 404
    assert COOKIE not in nobody.cookies


@pytest.mark.parametrize("how", ["forged", "altered", "cut", "longer", "empty", "path"])
def test_a_link_that_was_not_given_opens_nothing(
    training: Training, nobody: Visitor, how: str
) -> None:
    [token] = training.invite(ANN)
    invitation = training.links.invitation(token)
    assert invitation
    wrong = {
        "forged": Links("x" * 40).token(invitation),
        "altered": ("J" if token[0] == "I" else "I") + token[1:],
        "cut": token[:-3],
        "longer": token + "A",
        "empty": ".",
        "path": "..%2f" + token,
    }[how]
    assert nobody.ask(f"/enter/{wrong}").status in {404, 410}
    assert nobody.post(f"/enter/{wrong}").status in {404, 410}
    assert nobody.ask("/").status == 401


def test_a_link_that_has_ended_opens_nothing_and_says_so(
    training: Training, nobody: Visitor
) -> None:
    [token] = training.invite(DAN, until=-DAY)
    page = nobody.ask(f"/enter/{token}")
    assert (page.status, "it has ended, was withdrawn" in page.text) == (410, True)
    assert nobody.post(f"/enter/{token}").status == 410


def test_a_browser_does_not_outlive_its_link(training: Training) -> None:
    dan = training.visitor(DAN)
    assert dan.ask("/").status == 200
    training.invite(DAN, until=-DAY)
    assert dan.ask("/").status == 401
    assert dan.ask("/module/know_the_deal").status == 401


@pytest.mark.parametrize("how", ["revoke", "erase"])
def test_another_process_ends_browsers_their_open_pages_and_their_sockets(
    training: Training, how: str
) -> None:
    dan = training.visitor(DAN)
    kernel = dan.kernel()
    process = psutil.Process(training.kernel(kernel))

    async def end(socket: WebSocketClientConnection) -> None:
        getattr(training.learners, how)("dan")
        while await socket.read_message() is not None:
            continue

    opened(training, end, kernel, **dan.headers())
    process.wait(timeout=PATIENCE)
    assert dan.ask("/").status == 401
    with pytest.raises(HTTPClientError, match="403"):
        reach(dan, kernel)


def test_signing_out_ends_what_this_browser_opened_and_nothing_else(training: Training) -> None:
    phone, desk = training.visitor(ANN), training.visitor(ANN)
    kernel, other = phone.kernel(), desk.kernel()
    assert phone.post("/sign-out").status == 200
    assert kernel not in training.kernel_ids()
    reach(desk, other)


def test_a_cookie_that_was_signed_out_is_of_no_use_again(training: Training, ann: Visitor) -> None:
    kept = dict(ann.cookies)
    assert ann.post("/sign-out").status == 200
    assert Visitor(training, kept).ask("/").status == 401


def test_signing_in_anew_ends_what_the_browser_held(training: Training, ann: Visitor) -> None:
    kept = dict(ann.cookies)
    [token] = training.invite(BEN)
    assert "Ann Example is signed in here now" in ann.ask(f"/enter/{token}").text
    assert ann.post(f"/enter/{token}").status == 303
    assert "Ben Example" in ann.ask("/").text
    assert Visitor(training, kept).ask("/").status == 401


@pytest.mark.parametrize("value", ["x", "' OR ''='", "%00", "a" * 5000, "ann", "true"])
def test_a_made_up_cookie_is_nobody_s(training: Training, value: str) -> None:
    assert Visitor(training, {COOKIE: value}).ask("/").status == 401


def test_the_cookie_is_out_of_scripts_reach_and_of_other_sites(
    training: Training, nobody: Visitor
) -> None:
    [token] = training.invite(ANN)
    told = str(nobody.post(f"/enter/{token}").headers)
    line = next(part for part in told.splitlines() if COOKIE in part)
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line


# What is another learner's


def test_nobody_sees_no_module_and_starts_no_kernel(training: Training, nobody: Visitor) -> None:
    before = set(training.kernels())
    for path in ("/", "/module/know_the_deal", "/module/none", "/cohort"):
        page = nobody.ask(path)
        assert (page.status, "Open your personal link" in page.text) == (401, True)
    assert nobody.post("/module/know_the_deal").status == 401
    assert set(training.kernels()) <= before


def test_another_s_kernel_cannot_be_reached_read_or_ended(ann: Visitor, ben: Visitor) -> None:
    kernel = ben.kernel()
    ann.kernel()
    for visitor in (ann, Visitor(ann.served)):
        with pytest.raises(HTTPClientError, match="403"):
            reach(visitor, kernel)
        assert visitor.ask(f"/api/kernels/{kernel}").status == 403
        token = {"X_XSRFToken": ann.cookies["_xsrf"], "Cookie": ann.cookie}
        assert visitor.ask(f"/api/kernels/{kernel}", "DELETE", **token).status == 403
        assert visitor.post(f"/voila/api/shutdown/{kernel}").status == 403
    reach(ben, kernel)


@pytest.mark.parametrize("header", ["X-Forwarded-User", "Remote-User", "Phb-Learner", "Phb-Seat"])
def test_a_header_makes_nobody_somebody_else(training: Training, ann: Visitor, header: str) -> None:
    assert training.visitor().ask("/", **{header: "ben"}).status == 401
    ann.ask("/module/mental_health", **{header: "ben"})
    store = open_store(training.database)
    assert store.latest("ann", "mental-health")
    assert store.latest("ben", "mental-health") is None


@pytest.mark.parametrize("query", ["learner=ben", "token=x", "answers=/etc/passwd", "template=lab"])
def test_a_query_changes_nothing(training: Training, ann: Visitor, query: str) -> None:
    assert training.visitor().ask(f"/?{query}").status == 401
    page = ann.ask(f"/module/alcohol_detox_at_home?{query}")
    assert (page.status, "Kerry" in page.text) == (200, True)
    store = open_store(training.database)
    assert store.latest("ben", "alcohol-detox-at-home") is None


def test_a_learner_has_no_trainer_s_page_and_a_trainer_only_their_cohort_s(
    training: Training, ann: Visitor
) -> None:
    training.invite(CAT, DAN)
    assert ann.ask("/cohort").status == 404
    page = training.visitor(TESS).ask("/cohort")
    assert (page.status, "Ann Example" in page.text) == (200, True)
    assert "Dan Elsewhere" not in page.text
    assert "<b onclick" not in page.text
    assert "&lt;b onclick" in page.text


def test_a_name_that_is_markup_stays_a_name(training: Training) -> None:
    cat = training.visitor(CAT)
    [token] = training.invite(CAT)
    for path in ("/", f"/enter/{token}"):
        page = cat.ask(path).text
        assert "&lt;b onclick=alert(1)&gt;Cat" in page
        assert "<b onclick" not in page


# Too much


def test_meetings_are_opened_by_learners_and_joined_by_anybody(
    training: Training, ann: Visitor, nobody: Visitor
) -> None:
    assert "Whoever opens a meeting signs in first" in nobody.ask("/review").text
    assert nobody.post("/review/open", MEETING).status == 401
    assert ann.post("/review/open", MEETING).status == 303
    code = open_sessions(training.database).listed()[0].code
    joining = nobody.post("/review/join", {"code": code, "name": "Gus", "role": "family"})
    assert (joining.status, nobody.ask("/review/room").status) == (303, 200)


def test_nobody_holds_more_pages_than_their_share(training: Training) -> None:
    ben, ann = training.visitor(BEN), training.visitor(ANN)
    kept = ann.kernel()
    mine = [ben.kernel() for _ in range(MOST_EACH + 2)]
    for gone in mine[:2]:
        with pytest.raises(HTTPClientError, match=r"40[34]"):
            reach(ben, gone)
    reach(ben, mine[-1])
    reach(ann, kept)


def test_a_full_server_says_so_and_tells_when_to_come_again(
    windows: Windows, tmp_path: Path
) -> None:
    server = Training(tmp_path, free_port(), env={"PHB_MOST_KERNELS": "1"})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most // 2, most))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        assert server.process
        has = psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE)
        assert has == (most, most)  # descriptors: a page needs a dozen
        ann, ben = server.visitor(ANN), server.visitor(BEN)
        kernel = ann.kernel()
        told = ben.ask("/module/know_the_deal")
        assert (told.status, "Too many pages are open" in told.text) == (503, True)
        assert int(told.headers["Retry-After"]) > 0
        page = windows.open(viewport={"width": 320, "height": 640})
        [token] = server.invite(CAT)
        page.goto(f"{server.url}enter/{token}")
        page.get_by_role("button", name="open my modules").click()
        page.get_by_role("link", name="Start Know the deal").click()
        expect(page.get_by_role("heading", name="Too busy just now")).to_be_visible()
        assert violations(page) == []
        reach(ann, kernel)
    finally:
        server.stop()


def test_a_module_is_started_again_twenty_times_a_day_and_then_says_so(
    ann: Visitor,
) -> None:
    answers = [ann.post("/module/know_the_deal") for _ in range(MOST_A_DAY + 2)]
    assert [answer.status for answer in answers] == [303] * MOST_A_DAY + [429] * 2
    assert "start again tomorrow: all your attempts are kept" in answers[-1].text
    assert ann.post("/module/mental_health").status == 303


# What belongs to the server


def test_no_kernel_is_given_a_secret_of_the_server_s(training: Training, ann: Visitor) -> None:
    ann.kernel()
    assert training.process
    assert SECRET in str(psutil.Process(training.process.pid).environ())
    kernels = [psutil.Process(pid) for pid in training.kernels()]
    assert kernels
    for kernel in kernels:
        assert SECRET not in str(kernel.environ())
        assert kernel.environ().keys().isdisjoint({"PHB_LINK_KEY", "PHB_OPERATORS_SECRET"})


def test_other_users_of_the_machine_reach_no_kernel(training: Training, ann: Visitor) -> None:
    ann.kernel()
    for kernel in map(psutil.Process, training.kernels()):
        sockets = [Path(each.laddr) for each in kernel.net_connections("unix") if each.laddr]
        folders = {place.parent for place in sockets if "kernel-" in place.name}
        assert folders
        assert {folder.stat().st_mode & 0o077 for folder in folders} == {0}


@pytest.mark.parametrize(
    "path",
    [
        "/link.key",
        "/records.sqlite",
        "/server.log",
        "/phb/static/../app.py",
        "/phb/static/..%2f..%2fsettings.py",
        "/phb/static/%2e%2e/app.py",
        "/voila/static/../../etc/passwd",
        "/voila/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/voila/files/know_the_deal.ipynb",
        "/voila/labextensions/..%2f..%2f..%2fetc/passwd",
        "/voila/templates/lab/index.html.j2",
        "/voila/render/know_the_deal.ipynb",
        "/module/..%2f..%2fetc%2fpasswd",
        "/module/cohort_report",
        "/module/mdt_case_review",
        "/files/know_the_deal.ipynb",
        "/api/contents",
        "/api/contents/know_the_deal.ipynb",
        "/api/sessions",
        "/api/terminals",
        "/api/kernels",
        "/api/kernelspecs",
        "/api/status",
        "/api/me",
        "/login",
        "/logout",
        "/voila/execution/00000000-0000-0000-0000-000000000000",
        "/voila/query/00000000-0000-0000-0000-000000000000",
    ],
)
def test_nothing_else_is_served(ann: Visitor, path: str) -> None:
    page = ann.ask(path)
    assert page.status in {403, 404}
    assert "root:" not in page.text


@pytest.mark.parametrize("path", ["/api/kernels", "/api/sessions", "/api/contents", "/module/x"])
def test_nothing_else_takes_a_post(ann: Visitor, path: str) -> None:
    assert ann.post(path, {"name": "python3"}).status in {403, 404, 405}


def test_another_host_name_is_refused(ann: Visitor) -> None:
    assert ann.ask("/", Host="evil.example").status == 403


def test_a_body_without_end_is_not_read(ann: Visitor) -> None:
    try:
        status = ann.post("/sign-out", {"more": "x" * 10_000_000}).status
    except (ConnectionError, http.client.HTTPException):
        status = 0
    assert status in {0, 400, 413}
    assert ann.ask("/").status == 200


def test_wrong_links_are_one_trouble_and_fill_no_log(training: Training, ann: Visitor) -> None:
    said = len(training.log())
    for number in range(5):
        assert ann.ask(f"/enter/zz{number}", "GET").status in {404, 410}
    assert training.log()[said:].count("/enter/…") <= 1


def test_the_log_holds_no_link_and_no_cookie(training: Training, ann: Visitor) -> None:
    [token] = training.invite(ANN)
    assert ann.ask(f"/enter/{token}", "POST", b"").status == 403
    ann.ask("/none")
    log = (training.data / "server.log").read_text()
    assert token not in log
    assert ann.cookies[COOKIE] not in log
    assert os.environ.get("PHB_SIGN_IN") is None
