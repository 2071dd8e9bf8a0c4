"""What the template holds for a cohort: papermill, our engine, and every case played once."""

import phbkit.cohort.execution
import phbkit.kernels.preloaded  # noqa: F401  all that a template holds
from phbkit.cohort.simulate import whole_answers
from phbkit.kernels.cases import play_each

play_each(whole_answers)
