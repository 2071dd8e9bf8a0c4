"""The steps that the chronic pain case plays: all but those about money."""

from phbkit.casebank.models import MONEY_STEPS
from phbkit.workbook.steps import steps

STEPS = tuple(step for step in steps().values() if step.id not in MONEY_STEPS)
STEP_IDS = tuple(step.id for step in STEPS)
