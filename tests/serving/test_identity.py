"""Who a browser is, and whose links are believed."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from itsdangerous import URLSafeSerializer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from phbkit.cohort.register import open_register
from phbkit.errors import SettingsError
from phbkit.records.learners import Learner
from phbkit.serving.identity import Links, link_key, recognise
from phbkit.serving.owners import kernel_environment
from phbkit.settings import Settings

KEY = "k" * 40


def request(address: str, *headers: tuple[str, str]) -> HTTPServerRequest:
    named = HTTPHeaders({"Host": "127.0.0.1"})
    for name, value in headers:
        named.add(name, value)
    line = RequestStartLine("GET", "/", "HTTP/1.1")
    made = HTTPServerRequest(headers=named, start_line=line)
    made.remote_ip = address
    return made


def test_a_link_names_its_invitation_and_no_other_key_makes_one() -> None:
    links = Links(KEY)
    token = links.token("an-invitation")
    assert links.invitation(token) == "an-invitation"
    assert Links("j" * 40).invitation(token) is None
    assert links.invitation(URLSafeSerializer(KEY, salt="another").dumps("an-invitation")) is None


def test_a_link_of_which_any_letter_is_changed_or_missing_is_none() -> None:
    links = Links(KEY)
    token = links.token("an-invitation")
    for place, letter in enumerate(token):
        other = "A" if letter != "A" else "B"
        changed = links.invitation(token[:place] + other + token[place + 1 :])
        assert changed is None or place == len(token) - 1  # its last bits say nothing
        assert links.invitation(token[:place]) is None


@pytest.mark.parametrize("value", [{"id": "x"}, 7, None, ["x"]])
def test_a_signed_thing_that_is_no_invitation_is_none(value: object) -> None:
    links = Links(KEY)
    assert links.invitation(links._signer.dumps(value)) is None


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: link_key(folder), range(16)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 40
    assert [file.name for file in folder.iterdir()] == ["link.key"]
    assert (folder / "link.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_or_that_is_short_is_refused(tmp_path: Path) -> None:
    link_key(tmp_path)
    (tmp_path / "link.key").chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        link_key(tmp_path)
    with pytest.raises(SettingsError, match="PHB_LINK_KEY: must have at least 32"):
        link_key(tmp_path, "short")
    assert link_key(tmp_path, KEY) == KEY


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


def test_one_machine_has_one_learner() -> None:
    assert recognise(request("127.0.0.1"), Settings(), None) == Learner("local", "")


def test_a_kernel_is_given_nothing_that_it_need_not_know() -> None:
    whole = {
        "PATH": "/bin", "LC_ALL": "C", "PHB_DATABASE": "sqlite://", "PHB_LINK_KEY": KEY,
        "PHB_LEARNER": "somebody", "AWS_SECRET_ACCESS_KEY": "x", "JUPYTER_TOKEN": "x",
        "HTTP_PHB_LEARNER": "ben", "PHB_SEAT": "another",
    }  # fmt: skip
    given = kernel_environment(whole, {"PHB_LEARNER": "ann"})
    assert given == {
        "PATH": "/bin", "LC_ALL": "C", "PHB_DATABASE": "sqlite://", "PHB_LEARNER": "ann"
    }  # fmt: skip
