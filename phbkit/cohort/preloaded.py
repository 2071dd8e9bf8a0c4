"""What the template holds for a cohort: papermill, our engine, and every case played once."""

from nbformat import reads, v4, writes

import phbkit.cohort.execution  # noqa: F401  papermill and our engine
from phbkit.cohort.simulate import whole_answers
from phbkit.kernels.preloaded import play_each

# A notebook with every kind of output is written, so that copies find its schema compiled.
_SHOWN = {"data": {"text/plain": "x"}, "metadata": {}}
_OUTPUTS = [
    v4.new_output("stream", name="stdout", text="x"),
    v4.new_output("display_data", **_SHOWN),
    v4.new_output("execute_result", execution_count=1, **_SHOWN),
    v4.new_output("error", ename="x", evalue="x", traceback=[]),
]
reads(writes(v4.new_notebook(cells=[v4.new_code_cell("", outputs=_OUTPUTS)])), as_version=4)
v4.nbbase.validate = lambda *_, **__: None  # notebooks are checked whole, as written
play_each(whole_answers)
