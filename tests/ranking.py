"""A ranking question, put into a copy of the case bank: no case that is shipped asks one."""

from __future__ import annotations

from pathlib import Path

CASE, RANKED = "young-adult-learning-disability", "in-what-order"
KEY = ["b", "a", "e", "d", "c"]
_QUESTION = """
  - id: in-what-order
    step: plan
    format: ranking
    variant: specialty
    stem: A helper has frightened Connie. In what order would you do these?
    options:
      - id: a
        text: Make sure that she is safe this afternoon
      - id: b
        text: Hear it from her, with her cards and her time
      - id: c
        text: Book the yearly health check
      - id: d
        text: Ask Connie whether Sharon should hear of it
      - id: e
        text: Tell the safeguarding lead today
    key: [b, a, e, d, c]
    feedback:
      text: Others would put her safety first.
      sources: [bma-phb-guidance]
"""


def add_ranking(casebank: Path) -> Path:
    """Append the question to its case in a copy of the case bank, and return the copy."""
    file = casebank / "cases" / CASE / "questions.yaml"
    file.write_text(file.read_text(encoding="utf-8").rstrip() + "\n" + _QUESTION, encoding="utf-8")
    return casebank
