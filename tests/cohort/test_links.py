"""Whose links are believed, and who can read the key that signs them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from itsdangerous import URLSafeSerializer

from phbkit.cohort.links import Links, link_key
from phbkit.errors import SettingsError
from phbkit.settings import Settings

KEY = "k" * 40


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
        keys = set(threads.map(lambda _: link_key(Settings(data_dir=folder)), range(16)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 40
    assert [file.name for file in folder.iterdir()] == ["link.key"]
    assert (folder / "link.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_or_that_is_short_is_refused(tmp_path: Path) -> None:
    link_key(Settings(data_dir=tmp_path))
    (tmp_path / "link.key").chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        link_key(Settings(data_dir=tmp_path))
    with pytest.raises(SettingsError, match="PHB_LINK_KEY: must have at least 32"):
        link_key(Settings(data_dir=tmp_path, link_key="short"))
    assert link_key(Settings(data_dir=tmp_path, link_key=KEY)) == KEY
