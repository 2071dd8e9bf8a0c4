"""What the template holds for a cohort: papermill, our engine, and every case played once."""

import nbformat.v4

import phbkit.cohort.execution  # noqa: F401  papermill and our engine
from phbkit.cohort.simulate import whole_answers
from phbkit.kernels.preloaded import play_each


def _write_a_notebook() -> None:
    """Write one notebook with every kind of output, so that copies find its schema compiled."""
    v4 = nbformat.v4
    shown = {"data": {"text/plain": "x"}, "metadata": {}}
    outputs = [
        v4.new_output("stream", name="stdout", text="x"),
        v4.new_output("display_data", **shown),
        v4.new_output("execute_result", execution_count=1, **shown),
        v4.new_output("error", ename="x", evalue="x", traceback=[]),
    ]
    notebook = v4.new_notebook(cells=[v4.new_code_cell("", outputs=outputs)])
    nbformat.reads(nbformat.writes(notebook), as_version=4)


_write_a_notebook()
nbformat.v4.nbbase.validate = lambda *_, **__: None  # notebooks are checked whole, as written
play_each(whole_answers)
