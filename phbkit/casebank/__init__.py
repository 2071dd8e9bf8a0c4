"""What a case is: models, loading, checking. Cases themselves are data, in `casebank/`."""

from phbkit.casebank.bank import CaseBank
from phbkit.casebank.case import Case
from phbkit.casebank.ground import Rule, Source
from phbkit.casebank.models import CaseFile, PlanItem, Question, QuestionFile
from phbkit.casebank.panel import SCALE, Panel

__all__ = [
    "SCALE",
    "Case",
    "CaseBank",
    "CaseFile",
    "Panel",
    "PlanItem",
    "Question",
    "QuestionFile",
    "Rule",
    "Source",
]
