"""What is installed: dependencies told the same everywhere, and data inside the wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_environment_yml_asks_for_the_same_as_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    only_pip = [name for name in pip["pip"] if name not in {"--editable .", "-e ."}]
    asked = [name for name in conda if not name.startswith(("python>", "python=", "pip", "make"))]
    assert sorted([*asked, *only_pip]) == sorted(wanted)
    assert f"python{PROJECT['requires-python']}" in conda


def pins() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_every_dependency_is_pinned_and_no_pin_has_an_address() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_]+", pin) for pin in pins())
    pinned = {pin.split("==")[0].lower().replace("_", "-") for pin in pins()}
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=]", name)[0].replace("_", "-") for name in wanted}
    assert names <= pinned | {name.replace(".", "-") for name in pinned}


def named(requirement: str) -> str:
    """Return the name of what a line asks for, as indexes write it."""
    name = re.split(r"[ ;<>=!~]", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def hashed() -> dict[str, str]:
    """Pins of what production installs, each with all its hashes in one line."""
    text = (ROOT / "deploy" / "requirements.txt").read_text().replace("\\\n", "")
    return {named(line): line for line in text.splitlines()}


def test_production_installs_the_pins_by_their_hashes_and_nothing_it_does_not_run() -> None:
    pinned = {named(pin): pin.split("==")[1] for pin in pins()}
    for name, line in hashed().items():
        assert f"=={pinned[name]} " in line, f"make requirements: {name} is of another version"
        assert "--hash=sha256:" in line
        assert "/" not in line
    left_out = {
        named(line)
        for line in (ROOT / "deploy" / "left-out.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    assert left_out == {"debugpy", "jupyter-server-terminals", "jupyterlab", "terminado"}
    needed = {named(each) for each in PROJECT["dependencies"]} | {"hatchling"}
    assert needed - hashed().keys() == {"jupyterlab"}
    assert not left_out & hashed().keys()


def test_every_pin_admits_the_oldest_python_that_is_promised() -> None:
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    for pin in pins():
        name = pin.split("==")[0]
        try:
            asked = metadata.distribution(name).metadata.get("Requires-Python")
        except metadata.PackageNotFoundError:
            continue  # for another system
        assert not asked or oldest in SpecifierSet(asked), f"{pin} wants Python {asked}"


def test_reading_a_notebook_builds_no_grammar() -> None:
    script = "import sys, nbformat; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_wheel_holds_case_bank_and_workbooks_and_checks_itself(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    subprocess.run([*build, str(tmp_path), str(ROOT)], check=True)
    wheel = next(tmp_path.glob("phbkit-*.whl"))
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    names = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert "phbkit/data/casebank/cases/chronic-pain-massage/case.yaml" in names
    assert "phbkit/data/workbooks/chronic_pain_massage.ipynb" in names
    assert "phbkit/forms/form.js" in names
    assert "phbkit/records/migrations/versions/0003_baseline.py" in names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)
    script = "import phbkit.settings as s; print(s.settings().casebank)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=site,
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == site / "phbkit" / "data" / "casebank"


def test_every_test_that_the_promises_of_security_rest_on_is_there() -> None:
    named = set(
        re.findall(r"`([\w/]*test\w*(?:/\w+)*(?:\.py)?)`", (ROOT / "SECURITY.md").read_text())
    )
    there = [f"/{file.relative_to(ROOT)}" for file in (ROOT / "tests").rglob("*")]
    assert named
    assert not {name for name in named if not any(file.endswith(f"/{name}") for file in there)}
