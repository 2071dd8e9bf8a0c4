"""The steps that the chronic pain case plays: the whole arc but the safety gates."""

from phbkit.workbook.arc import STEPS as ARC

STEPS = tuple(step for step in ARC if step.id != "gates")
STEP_IDS = tuple(step.id for step in STEPS)
