"""What a case is: models, loading, checking. Cases themselves are data, in `casebank/`."""

from phbkit.casebank.bank import CaseBank
from phbkit.casebank.case import Case
from phbkit.casebank.models import PlanItem, Question
from phbkit.casebank.panel import SCALE, Panel
from phbkit.casebank.reference_data import Rule

__all__ = ["SCALE", "Case", "CaseBank", "Panel", "PlanItem", "Question", "Rule"]
