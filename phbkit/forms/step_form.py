"""The widget of one step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from phbkit.forms import FORM_IS_THERE
from phbkit.forms.messages import Response

Receive = Callable[[str, Mapping[str, Any]], Response]
_ASKED_BY_NBCLIENT = {"_model_module", "_model_name"}
_SHOWN = {"step", "state", "html", "attempt", "device"} | _ASKED_BY_NBCLIENT


class StepForm(anywidget.AnyWidget):  # type: ignore[misc]
    """One step on a page.

    The synced traits only say what to show; the browser may overwrite its own copy and nothing is
    read back from them. What a learner does arrives as a message, and is answered by one.

    Parameters
    ----------
    step
        The step's id.
    receive
        Takes the step's id and a message, returns the reply and any files that go with it.
    attempt
        Names what is typed here for the browser to keep until it is sent. Without it the browser
        keeps nothing.
    device
        Whether it is kept also when the tab is closed: not for words about real people.
    """

    _esm = Path(__file__).parent / "form.js"
    _css = Path(__file__).parent / "form.css"

    layout = traitlets.Any(None, allow_none=True)  # our stylesheet lays out; one model less a step
    tooltip = traitlets.Any(None, allow_none=True)
    step = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode().tag(sync=True)
    html = traitlets.Unicode().tag(sync=True)
    attempt = traitlets.Unicode().tag(sync=True)
    device = traitlets.Bool().tag(sync=True)

    def __init__(self, step: str, receive: Receive, **shown: str | bool) -> None:
        super().__init__(step=step, **shown)
        self._receive, self._step = receive, step
        self.on_msg(self._answer)

    def get_state(
        self, key: str | Iterable[str] | None = None, drop_defaults: bool = False
    ) -> dict[str, Any]:
        """Return what the browser is told; where the page has the form, only what it shows."""
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        if FORM_IS_THERE in os.environ:
            state = {name: value for name, value in state.items() if name in _SHOWN}
        return state

    def _answer(self, _: object, message: object, __: object) -> None:
        if isinstance(message, Mapping):
            reply, files = self._receive(self._step, message)
            self.send(reply, files)

    def __repr__(self) -> str:
        return f"<StepForm {self._step}>"


def show_again(forms: Iterable[StepForm]) -> None:
    """Send what forms show once more, to a page whose connection was lost when it changed."""
    for form in forms:
        form.send_state(("state", "html"))
