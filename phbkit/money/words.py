"""What figures and choices about an area's money are called: the words are in `words.yaml`."""

from __future__ import annotations

from pathlib import Path

import yaml

_WORDS: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_bytes())
OUTCOMES, CARRIED_BY, BELIEFS, ADVICE = _WORDS.values()
