"""Assessing: what answers earn, and by which key."""

from phbkit.scoring.marking import MIME, Mark, Result, score

__all__ = ["MIME", "Mark", "Result", "score"]
