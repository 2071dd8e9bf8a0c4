"""Settings from a file: read whole, or refused with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from phbkit.errors import SettingsError, UnknownNameError
from phbkit.settings import settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "phbkit.env"
    monkeypatch.setenv("PHB_SETTINGS", str(made))
    return made


def test_what_is_given_goes_before_the_environment_and_that_before_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("# ours\nPHB_LEARNER=ann\nPHB_CONTACT=the team's, really\nPHB_SIGN_IN=links\n")
    assert settings().contact == "the team's, really"
    assert settings().sign_in == "links"
    monkeypatch.setenv("PHB_LEARNER", "ben")
    assert settings().learner == "ben"
    assert settings(learner="cat", sign_in="").learner == "cat"


def test_a_setting_that_does_not_exist_is_refused_with_the_one_that_was_meant(file: Path) -> None:
    file.write_text("PHB_SINGIN=links\n")
    with pytest.raises(UnknownNameError, match=r"'PHB_SINGIN'\. Did you mean 'PHB_SIGN_IN'"):
        settings()


def test_a_line_that_is_no_setting_is_refused_by_its_number(file: Path) -> None:
    file.write_text("PHB_SIGN_IN=links\nPHB CONTACT us\n")
    with pytest.raises(SettingsError, match="line 2: write it like PHB_SIGN_IN=links"):
        settings()


def test_a_file_that_cannot_be_read_is_told(file: Path) -> None:
    assert not file.exists()
    with pytest.raises(SettingsError, match=r"PHB_SETTINGS: .*phbkit.env cannot be read"):
        settings()


def test_a_value_that_cannot_be_taken_is_told_by_its_name(file: Path) -> None:
    file.write_text("PHB_MOST_KERNELS=many\n")
    with pytest.raises(SettingsError, match=r"PHB_MOST_KERNELS: .*not 'many'"):
        settings()
