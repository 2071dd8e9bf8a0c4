"""The wings: parts that the core does not know, which register steps, commands and pages.

A wing is a package with any of these functions, each imported when it is first needed:

`steps()`
    The steps that cases may play beside the core's own, as `phbkit.workbook.step.Step`.
`step_templates()`, `step_filters()`
    The folder of those steps' templates, named `steps/<id>.html.j2`, and filters for them.
`read_area(file)`
    The figures of an area that a case is about, or a list of faults.
`add_checks()`
    Registers checks of cases with `phbkit.casebank.checks.registry.check`.
`take_parameters(case, given, parameters)`
    Takes out of `parameters` what the wing knows of what a workbook was opened with, and returns
    the module's options made of it, and the answers that are given.
`add_tables()`
    Adds tables to the `metadata` of `phbkit.records.schema`.
`add_commands(app)`
    Adds commands to `phb`.
`made_up_answers(case)`
    Answers to everything that a case asks, which nobody gave.
`report_questions(cases)`
    What in the questions of cases gives their keys away, as text.
`handlers(alone=…)`
    Pairs of a pattern and a request handler for the server; `alone` where it has no other pages.
`page_templates()`
    The folder of those handlers' templates.
`server_settings(using, bank)`
    What those handlers find in the server's settings, by name.
`erase_old(using, before)`
    Erases that of which nothing happened since a moment, each with a trace.
`preload()`
    Names of modules that the template of a server's kernels imports.
`owner_of(handler)`
    Who may be behind a browser beside a learner, or None.
`identity_class(using)`
    What knows learners where PHB_SIGN_IN is `links`: a class of `phbkit.serving.identity.Identity`,
    made when the server starts, with request handlers of its own (`get_handlers`); or a
    SettingsError that says why nobody can sign in. Asking changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

INSTALLED = ("phbkit.money", "phbkit.meeting", "phbkit.cohort", "phbkit.packaging")


def hooks(name: str) -> Iterator[Callable[..., Any]]:
    """Give the function of this name of every wing that is there and has one."""
    for wing in filter(find_spec, INSTALLED):
        hook = getattr(import_module(wing), name, None)
        if hook is not None:
            yield hook
