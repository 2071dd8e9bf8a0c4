"""What production is made of, as `make sbom` writes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.test_packaging import ROOT, hashed, named


def test_it_names_all_that_production_installs_with_the_hashes(tmp_path: Path) -> None:
    made = tmp_path / "sbom.json"
    [line] = [each for each in makefile_lines() if each.startswith("$(BIN)/cyclonedx-py ")]
    program, *words = line.replace("$(BIN)", str(Path(sys.executable).parent)).split()
    subprocess.run([program, *words[:-1], made], cwd=ROOT, check=True, capture_output=True)
    told = json.loads(made.read_text())
    assert (told["bomFormat"], told["metadata"]["component"]["name"]) == ("CycloneDX", "phbkit")
    parts = {named(part["name"]): part for part in told["components"]}
    assert parts.keys() == hashed().keys()
    assert all(part["externalReferences"][0]["hashes"] for part in parts.values())


def makefile_lines() -> list[str]:
    text = (ROOT / "Makefile").read_text().replace("\\\n", "")
    return [line.strip() for line in text.splitlines()]
