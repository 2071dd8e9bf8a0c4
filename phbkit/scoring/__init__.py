"""Scoring: what answers earn, and by which key."""

from phbkit.scoring.marking import Mark
from phbkit.scoring.result import MIME, Result, score

__all__ = ["MIME", "Mark", "Result", "score"]
