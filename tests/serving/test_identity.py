"""Who a browser is, and who is believed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from phbkit.cohort.register import open_register
from phbkit.records.learners import Learner
from phbkit.serving.identity import client_address, recognise
from phbkit.serving.owners import kernel_environment
from phbkit.settings import Settings


def request(address: str, *headers: tuple[str, str]) -> HTTPServerRequest:
    named = HTTPHeaders({"Host": "127.0.0.1"})
    for name, value in headers:
        named.add(name, value)
    line = RequestStartLine("GET", "/", "HTTP/1.1")
    made = HTTPServerRequest(headers=named, start_line=line)
    made.remote_ip = address
    return made


def test_a_proxy_s_header_is_believed_from_the_proxy_alone(tmp_path: Path) -> None:
    learners = open_register(f"sqlite:///{tmp_path / 'records.sqlite'}")
    using = Settings(sign_in="header", trusted_proxies="10.0.0.1")

    def found(address: str, *headers: tuple[str, str]) -> Learner | None:
        return recognise(request(address, *headers), using, learners)

    ann = ("X-Forwarded-User", "ann@example.org")
    assert found("10.0.0.1", ann) == Learner(ann[1], ann[1])
    assert found("10.0.0.2", ann) is None
    assert found("10.0.0.2", ann, ("X-Forwarded-For", "10.0.0.1")) is None
    assert found("10.0.0.1", ann, ("x-forwarded-user", "ben")) is None
    for name in ("", "a" * 121):
        assert found("10.0.0.1", ("X-Forwarded-User", name)) is None
    assert [who.id for who in learners.all()] == ["ann@example.org"]


def test_who_the_proxy_names_may_have_been_invited_under_a_name(tmp_path: Path) -> None:
    learners = open_register(f"sqlite:///{tmp_path / 'records.sqlite'}")
    end = dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=1)
    learners.invite([Learner("ann", "Ann Example", "spring", "trainer")], end)
    using = Settings(sign_in="header", user_header="Remote-User")
    found = recognise(request("::1", ("Remote-User", "ann")), using, learners)
    assert found == Learner("ann", "Ann Example", "spring", "trainer")


@pytest.mark.parametrize(
    ("peer", "named", "found"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["10.0.0.9"], "203.0.113.7"),  # nobody's proxy
        ("127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["10.0.0.9, 203.0.113.7"], "203.0.113.7"),  # what came in front is a claim
        ("127.0.0.1", ["10.0.0.9", "203.0.113.7, 10.0.0.1"], "203.0.113.7"),  # two proxies
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["10.0.0.1"], "10.0.0.1"),  # the proxy's own machine
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["unknown"], "unknown"),
        ("127.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
        ("2001:db8:1:2::3", [], "2001:db8:1::/48"),
    ],
)
def test_an_address_is_the_last_that_is_not_a_proxy_s(
    peer: str, named: list[str], found: str
) -> None:
    headers = [("X-Forwarded-For", each) for each in named]
    assert client_address(request(peer, *headers), {"127.0.0.1", "10.0.0.1"}) == found


def test_one_machine_has_one_learner() -> None:
    assert recognise(request("127.0.0.1"), Settings(), None) == Learner("local", "")


def test_a_kernel_is_given_nothing_that_it_need_not_know() -> None:
    whole = {
        "PATH": "/bin", "LC_ALL": "C", "PHB_DATABASE": "sqlite://", "PHB_LINK_KEY": "k" * 40,
        "PHB_LEARNER": "somebody", "AWS_SECRET_ACCESS_KEY": "x", "JUPYTER_TOKEN": "x",
        "HTTP_PHB_LEARNER": "ben", "PHB_SEAT": "another",
    }  # fmt: skip
    given = kernel_environment(whole, {"PHB_LEARNER": "ann"})
    assert given == {
        "PATH": "/bin", "LC_ALL": "C", "PHB_DATABASE": "sqlite://", "PHB_LEARNER": "ann"
    }  # fmt: skip
