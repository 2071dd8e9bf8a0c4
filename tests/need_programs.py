"""Make sure that what the tests use is here, programs and downloads, or say what to do.

With ``--hub`` also those of the long runs, which start a JupyterHub.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from phbkit.packaging.runtime import CORE, PYODIDE

RUNTIME = Path(__file__).parent.parent / "runtime"
INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends"]
BROWSER = "chromium-headless-shell"  # a page in it costs a third of what one in chromium does
NODE = Path(sys.prefix) / "node"  # what npm installs for us alone
HUB_PROXY = NODE / "node_modules" / ".bin" / "configurable-http-proxy"
APACHE_MODULES = Path("/usr/lib/apache2/modules")
HUB_PROXY_VERSION = "5.0.1"


def postgresql_program(name: str) -> str | None:
    """Find one of PostgreSQL's own programs, which Debian keeps off the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, folders)]))


def missing() -> list[str]:
    """List the packages that are not here."""
    packages = []
    if not (os.environ.get("CHROMIUM") or shutil.which(BROWSER)):
        packages += [BROWSER, "fonts-dejavu-core"]
    if not (postgresql_program("initdb") and postgresql_program("pg_ctl")):
        packages += ["postgresql"]
    if not nginx():
        packages += ["nginx-light"]
    if not (apache() and (APACHE_MODULES / "mod_auth_openidc.so").exists()):
        packages += ["apache2", "libapache2-mod-auth-openidc"]
    if not shutil.which("systemd-analyze"):
        packages += ["systemd"]
    if not shutil.which("npm"):
        packages += ["npm"]
    return packages


def nginx() -> str | None:
    """Find nginx, which Debian keeps off the path of ordinary users."""
    return _system_program("nginx")


def apache() -> str | None:
    """Find Apache, which Debian keeps there too."""
    return _system_program("apache2")


def _system_program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))


def install_hub_proxy() -> bool:
    """Install the proxy of JupyterHub beside Python, where it is not yet; say whether it is."""
    if HUB_PROXY.exists():
        return True
    NODE.mkdir(exist_ok=True)
    wanted = f"configurable-http-proxy@{HUB_PROXY_VERSION}"
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(NODE), wanted]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0


def main(*, hub: bool) -> int:
    """Install what is missing where that is allowed; return an exit code."""
    packages = missing()
    if not packages:
        return _downloads(hub=hub)
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update"], check=False, env=quiet, stdout=subprocess.DEVNULL)
        done = subprocess.run(
            [*INSTALL, *packages], check=False, env=quiet, stdout=subprocess.DEVNULL
        )
        if done.returncode == 0:
            return _downloads(hub=hub)
    print(
        f"The tests need {', '.join(packages)}. This user may not install them.\n"
        f"Ask for it once:  sudo {' '.join([*INSTALL, *packages])}\n"
        "A Chromium that is installed elsewhere can be named in CHROMIUM; initdb and pg_ctl of a\n"
        "PostgreSQL elsewhere must be on the PATH.",
        file=sys.stderr,
    )
    return 1


def _downloads(*, hub: bool) -> int:
    """Get what npm and pip have for packages and, where asked for, for a JupyterHub."""
    RUNTIME.mkdir(exist_ok=True)
    for download in (PYODIDE, CORE):
        program, *words = download.how.split()
        command = [sys.executable, "-m", "pip"] if program == "pip" else [program]
        if not (RUNTIME / download.name).exists():
            subprocess.run([*command, *words], cwd=RUNTIME, check=True, stdout=subprocess.DEVNULL)
    if hub and not install_hub_proxy():
        print("npm could not install configurable-http-proxy, which a test needs.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(hub="--hub" in sys.argv))
