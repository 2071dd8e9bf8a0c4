"""What must hold of a case, beyond the shape of each part: every check registers itself."""

from phbkit.casebank.checks import agreement, cases, questions, talks, texts
from phbkit.casebank.checks.registry import Context, problems
from phbkit.casebank.checks.texts import named

__all__ = ["Context", "agreement", "cases", "named", "problems", "questions", "talks", "texts"]
