"""Make sure that Debian's Chromium and PostgreSQL are here for the tests, or say what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends"]


def postgresql_program(name: str) -> str | None:
    """Find one of PostgreSQL's own programs, which Debian keeps off the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, folders)]))


def missing() -> list[str]:
    """List the packages that are not here."""
    packages = []
    if not (os.environ.get("CHROMIUM") or shutil.which("chromium")):
        packages += ["chromium", "fonts-dejavu-core"]
    if not (postgresql_program("initdb") and postgresql_program("pg_ctl")):
        packages += ["postgresql"]
    return packages


def main() -> int:
    """Install what is missing where that is allowed; return an exit code."""
    packages = missing()
    if not packages:
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update"], check=False, env=quiet, stdout=subprocess.DEVNULL)
        done = subprocess.run(
            [*INSTALL, *packages], check=False, env=quiet, stdout=subprocess.DEVNULL
        )
        if done.returncode == 0:
            return 0
    print(
        "The tests need Chromium and PostgreSQL, and this user may not install what is missing.\n"
        f"Ask for it once:  sudo {' '.join([*INSTALL, *packages])}\n"
        "A Chromium that is installed elsewhere can be named in CHROMIUM; initdb and pg_ctl of a\n"
        "PostgreSQL elsewhere must be on the PATH.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
