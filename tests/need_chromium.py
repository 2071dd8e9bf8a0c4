"""Make sure that Debian's Chromium is here for the browser tests, or say what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

INSTALL = [
    "apt-get",
    "install",
    "--yes",
    "--no-install-recommends",
    "chromium",
    "fonts-dejavu-core",
]


def main() -> int:
    """Install Chromium where that is allowed; return an exit code."""
    if os.environ.get("CHROMIUM") or shutil.which("chromium"):
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update"], check=False, env=quiet, stdout=subprocess.DEVNULL)
        done = subprocess.run(INSTALL, check=False, env=quiet, stdout=subprocess.DEVNULL)
        if done.returncode == 0:
            return 0
    print(
        "The browser tests need Chromium, and this user may not install it.\n"
        f"Ask for it once:  sudo {' '.join(INSTALL)}\n"
        "or set CHROMIUM to the path of one that is installed.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
