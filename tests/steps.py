"""The steps that the chronic pain case plays: all but those about money."""

from phbkit.casebank.models import MONEY_STEPS
from phbkit.workbook.steps import STEPS as ARC

STEPS = tuple(step for step in ARC if step.id not in MONEY_STEPS)
STEP_IDS = tuple(step.id for step in STEPS)
