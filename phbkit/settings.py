"""Settings from the environment or a file, all named PHB_*, and where things are kept."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from phbkit.errors import SettingsError, UnknownNameError

_PACKAGE = Path(__file__).parent


def _shipped(name: str) -> Path:
    """Find a folder shipped in the wheel, or beside the package in a checkout."""
    inside = _PACKAGE / "data" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


class Settings(BaseSettings):
    """What can be set from outside. Read once where a program starts, then passed on."""

    model_config = SettingsConfigDict(env_prefix="PHB_", frozen=True)

    casebank: Path = Field(default_factory=lambda: _shipped("casebank"))
    workbooks: Path = Field(default_factory=lambda: _shipped("workbooks"))
    data_dir: Path = Field(default_factory=lambda: user_data_path("phbkit", appauthor=False))
    database: str = ""
    learner: str = "local"
    drafts: bool = False
    live_reviews: bool = False
    public_url: str = ""
    contact: str = ""
    sign_in: Literal["local", "links", "header", "hub"] = "local"
    user_header: str = "X-Forwarded-User"
    trusted_proxies: str = "127.0.0.1,::1"
    link_key: str = ""
    most_kernels: int = Field(default=72, ge=1)
    keep_days: int | None = Field(default=None, ge=1)
    xapi_key: str = ""

    @cached_property
    def database_url(self) -> str:
        """SQLAlchemy address of the records: SQLite in the data directory unless set."""
        return self.database or f"sqlite:///{self.data_dir / 'records.sqlite'}"

    @property
    def key_file(self) -> Path:
        """Where the key that signs links is kept, unless it is set."""
        return self.data_dir / "link.key"

    @property
    def encrypted(self) -> bool:
        """Whether browsers come by HTTPS, as the public address says."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def proxies(self) -> frozenset[str]:
        """Addresses of the proxies whose headers are believed."""
        return frozenset(each.strip() for each in self.trusted_proxies.split(",") if each.strip())

    def need_folder(self, name: str) -> Path:
        """Return the folder called `name`, or say which setting is wrong."""
        folder: Path = getattr(self, name)
        if not folder.is_dir():
            raise SettingsError(
                f"PHB_{name.upper()}: there is no folder {folder}. "
                f"Leave the setting out to use the {name} that came with phbkit."
            )
        return folder


def settings_file() -> Path | None:
    """Return the file of settings that PHB_SETTINGS names, if it does.

    Raises
    ------
    SettingsError
        It cannot be read.
    """
    named = os.environ.get("PHB_SETTINGS", "")
    if not named:
        return None
    try:
        with Path(named).open(encoding="utf-8") as lines:
            wrong = [each.original.line for each in parse_stream(lines) if each.error]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"PHB_SETTINGS: {named} cannot be read: {error}") from error
    if wrong:
        raise SettingsError(f"{named}, line {wrong[0]}: write it like PHB_SIGN_IN=links.")
    return Path(named)


def settings(**given: str) -> Settings:
    """Read the settings as they are now: what is given, from the environment, or from the file.

    The first of these that has something to say goes first; PHB_SETTINGS names the file.

    Raises
    ------
    SettingsError
        One of them cannot be taken, or the file cannot be read.
    UnknownNameError
        The file has a setting that does not exist.
    """
    wanted: dict[str, Any] = {name: value for name, value in given.items() if value}
    try:
        return Settings(_env_file=settings_file(), **wanted)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(map(str, first["loc"])).upper()
        if first["type"] == "extra_forbidden":
            known = [f"PHB_{field.upper()}" for field in Settings.model_fields]
            raise UnknownNameError.among("setting", name, known, str(settings_file())) from error
        raise SettingsError(f"PHB_{name}: {first['msg']}, not {first['input']!r}.") from error
