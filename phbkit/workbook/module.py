"""One pass through a case: what is answered, which step is open, what may be shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

from phbkit.casebank import Case, Question
from phbkit.casebank.conversation import Conversation
from phbkit.casebank.models import AGAIN, SURE, FollowUp
from phbkit.casebank.talk import Heard
from phbkit.decision import Finding, Ledger, Plan, Proposal, findings
from phbkit.decision.agreements import Agreements, agreed_items, refusal
from phbkit.errors import AnswersError, RefusedError, UnknownNameError
from phbkit.records import Journal
from phbkit.records.journal import Event, answers_in
from phbkit.scoring import Result, score
from phbkit.scoring.marking import Critical, critical_errors, latest
from phbkit.workbook.answers import check_answer
from phbkit.workbook.formats import too_many
from phbkit.workbook.step import Step
from phbkit.workbook.steps import State, find_step, steps_of
from phbkit.workbook.talk_steps import conversation, conversations

_PAUSE = dt.timedelta(minutes=10)

MOST_TRIES = 100  # of one step, each of which is kept


class Module:
    """A case and the journal of one attempt at it.

    Everything it knows is folded from the journal's events, so a new kernel, another window and a
    replay all arrive at the same state. `options` is what wings made of what the workbook was
    opened with.
    """

    def __init__(
        self, case: Case, journal: Journal, options: Mapping[str, Any] | None = None
    ) -> None:
        self.case, self.journal, self.options = case, journal, options or {}
        self.steps = steps_of(case)
        self.refresh()

    def refresh(self) -> None:
        """Fold the journal's events again: `answers` as they stand, `given` with every try.

        An answer that the case no longer takes, because it was changed since, is passed over, and
        its step is open again. A step that was answered and not closed is stopped.
        """
        events = self.journal.events()
        self.given = answers_in(each for each in events if not each.question or self._takes(each))
        self.answers = latest(self.given)
        closings = [event for event in events if not event.question]
        asked = (each for each in events if each.question and not each.question.endswith(SURE))
        self.outdated = {event.step for event in asked if event.question not in self.answers}
        undone = self.outdated | self._unfinished()
        self.closed = {event.step: event.at for event in closings if event.step not in undone}
        answered = {event.step for event in events}
        self.closed |= self._never_held(answered)
        self.stopped = answered - set(self.closed) - undone
        self._written = {(event.submission, event.step): event.at for event in events}
        self.moments = [event.at for event in events]
        self._seen = events[-1].seq if events else 0
        self._result: Result | None = None
        self._heard: frozenset[str] | None = None

    def _unfinished(self) -> set[str]:
        """Name the steps of which something is answered, and more is asked."""
        answered = (step for step in self.steps if step.key in self.answers)
        return {step.id for step in answered if not step.finished(self.case, self.answers)}

    def _never_held(self, answered: Collection[str]) -> dict[str, dt.datetime]:
        """Give conversations that came into a case once it was played on as closed, unanswered."""
        passed: dict[str, dt.datetime] = {}
        later = None
        for step in reversed(self.steps):
            later = self.closed.get(step.id, later)
            if step.grows and later and step.id not in answered:
                passed[step.id] = later
        return passed

    def _takes(self, event: Event) -> bool:
        try:
            check_answer(self.case, event.question, event.value)
        except AnswersError:
            return False
        return True

    def state(self, step_id: str) -> State:
        """Say whether a step is locked, open, stopped or done; nothing after a stop is reached."""
        before = {step.id for step in self.steps[: self.place(step_id)]}
        if before & self.stopped:
            return "locked"
        if step_id in self.closed:
            return "done"
        if step_id in self.stopped:
            return "stopped"
        return "open" if before <= self.closed.keys() else "locked"

    def place(self, step_id: str) -> int:
        """Return the place of a step in this case, from 0, or raise UnknownNameError."""
        ids = [step.id for step in self.steps]
        if step_id not in ids:
            raise UnknownNameError.among("step", step_id, ids, self.case.id)
        return ids.index(step_id)

    def step_after(self, step_id: str) -> Step | None:
        """Return the step that follows, or None after the last."""
        following = self.steps[self.place(step_id) + 1 :]
        return following[0] if following else None

    @property
    def minutes_spent(self) -> int:
        """Minutes at the module: the time between events, without pauses of more than ten."""
        gaps = (later - earlier for earlier, later in pairwise(self.moments))
        played = sum((gap for gap in gaps if gap <= _PAUSE), dt.timedelta())
        return round(played / dt.timedelta(minutes=1))

    @property
    def current(self) -> str | None:
        """The first step that is not done; None when the module is finished."""
        return next((step.id for step in self.steps if step.id not in self.closed), None)

    def revisable(self, step_id: str) -> bool:
        """Say whether a finished step may still be changed."""
        step = find_step(step_id)
        may = step.revising and step.until not in self.closed
        return bool(may) and self.state(step_id) == "done" and step.asks(self)

    def submit(self, submission: str, step_id: str, answers: Mapping[str, Any]) -> dt.datetime:
        """Take the answers to one step, whole or not at all; the same submission only once.

        Returns
        -------
        datetime
            When they were on disk.

        Raises
        ------
        RefusedError
            The step is not open, or an answer is missing or cannot be taken. Nothing is kept.
        StaleError, RecordsError
            See Journal.append.
        """
        if self.taken(submission, step_id):
            grows = find_step(step_id).grows
            for key, value in answers.items() if not grows else ():
                if self.answers.get(key) != check_answer(self.case, key, value):
                    raise RefusedError({"": "This was already saved, with other answers."})
            return self._written[submission, step_id]
        if self.state(step_id) == "locked":
            raise RefusedError({"": "This step is not open yet."})
        if self.state(step_id) == "done" and not self.revisable(step_id):
            raise RefusedError({"": "This step is already answered, and its answers are kept."})
        if self.tries(step_id) >= MOST_TRIES:
            raise RefusedError({"": f"This was kept {MOST_TRIES} times, and now stays as it is."})
        return self.write(submission, step_id, self._checked(step_id, answers))

    def written_at(self, step_id: str) -> dt.datetime:
        """Return when a step that was answered was last written."""
        return [at for (_, step), at in self._written.items() if step == step_id][-1]

    def taken(self, submission: str, step_id: str) -> bool:
        """Say whether a submission was taken before."""
        return (submission, step_id) in self._written

    def tries(self, step_id: str) -> int:
        """Count how often a step was answered."""
        return sum(step == step_id for _, step in self._written)

    def _checked(self, step_id: str, answers: Mapping[str, Any]) -> dict[str, Any]:
        step, asked = find_step(step_id), self.asked_now(step_id)
        problems = {key: "is not asked here." for key in answers if key not in asked}
        kept = {}
        for key in asked:
            grows = step.grows and key == step.key
            if key in answers or grows:
                try:
                    given = step.grown(self, answers.get(key, {})) if grows else answers[key]
                    kept[key] = check_answer(self.case, key, given)
                except AnswersError as error:
                    problems |= error.problems
            elif self._needs(step, key):
                problems[key] = "is not answered yet."
        for question in self.case.questions_at(step_id):
            problem = too_many(question, kept.get(question.id, ()))
            problems |= {question.id: problem} if problem else {}
        if step.key in kept:
            problems |= step.problems(self, kept[step.key])
        if problems:
            raise RefusedError(problems)
        return kept

    def _needs(self, step: Step, key: str) -> bool:
        """Say whether an answer may not be left out, as one that stands may be after a stop."""
        if key == step.key:
            return step.id not in self.stopped or key not in self.answers
        return key in {q.id for q in self.case.questions if q.format != "reflection"}

    def write(
        self, submission: str, step_id: str, answers: Mapping[str, Any], *, may_close: bool = True
    ) -> dt.datetime:
        """Write checked answers to the journal, and close the step if nothing in them is unsafe."""
        standing, step = {**self.answers, **answers}, find_step(step_id)
        whole = step.key not in standing or step.finished(self.case, standing)
        closes = may_close and whole and not self.unsafe_at(step_id, answers)
        if not answers and not closes:
            raise RefusedError({"": "Nothing is changed."})
        moment = self.journal.append(submission, step_id, answers, after=self._seen, closes=closes)
        self.refresh()
        return moment

    def replay(self, answers: Mapping[str, Any]) -> None:
        """Play checked answers through every step; what is missing stays unanswered.

        A step that is stopped is answered again from `<question>.again`, and closed by the last.
        """
        for step in self.steps:
            keys = self._keys(step.id)
            given = {key: answers[key] for key in keys if key in answers}
            self.write(f"replay-{step.id}", step.id, given)
            tried = (*keys, "plan") if step.id == "decide" else set(keys) - {"plan"}
            tries = {key: answers[key + AGAIN] for key in tried if key + AGAIN in answers}
            many = max(map(len, tries.values()), default=0) if step.id in self.stopped else 0
            for place in range(many):
                given = {key: values[place] for key, values in tries.items() if place < len(values)}
                last = place == many - 1
                if "plan" in given:
                    plan = {"plan": given.pop("plan")}
                    self.write(f"replay-{step.id}-{place}-plan", "plan", plan)
                if given or (last and not self.unsafe_at(step.id)):
                    self.write(f"replay-{step.id}-{place}", step.id, given, may_close=last)

    def unsafe_at(self, step_id: str, answers: Mapping[str, Any] | None = None) -> list[Critical]:
        """List the critical errors that stand at a step now, or would with other answers."""
        errors = critical_errors(self.case, {**self.answers, **(answers or {})})
        return [error for error in errors if error.step == step_id]

    def _keys(self, step_id: str) -> list[str]:
        keys = [key for q in self.case.questions_at(step_id) for key in (q.id, q.sure_key)]
        return list(filter(None, [*keys, find_step(step_id).key]))

    def asked_at(self, step_id: str) -> list[str]:
        """List the keys that one step takes answers to."""
        step = find_step(step_id)
        return [key for key in self._keys(step_id) if key != step.key or step.asks(self)]

    def asked_now(self, step_id: str) -> list[str]:
        """List what a step asks now: once answered, what may be revised or what stopped it."""
        asked, own = self.asked_at(step_id), find_step(step_id).key
        match self.state(step_id):
            case "done":
                return [key for key in asked if key == own]
            case "stopped":
                again = {own, *(error.where for error in self.unsafe_at(step_id))}
                left = {key for key in asked if key not in self.answers and not key.endswith(SURE)}
                return [key for key in asked if key in again | left]
        return asked

    def shows_feedback(self, question: Question) -> bool:
        """Say whether the key and the feedback of a question may be seen now."""
        if question.step not in self.closed or question.id not in self.answers:
            return False
        return question.reveal == "at once" or self.state("feedback") != "locked"

    def has_feedback_at(self, step_id: str) -> bool:
        """Say whether a step has more to show now: reasons for an answer, or what others say."""
        more = step_id in self.closed and find_step(step_id).tells_more
        return more or any(self.shows_feedback(q) for q in self.case.questions_at(step_id))

    def conversation(self, step_id: str) -> Conversation:
        """Return the conversation of a step, as far as it was held."""
        return conversation(step_id, self.case, self.answers)

    @property
    def heard(self) -> frozenset[str]:
        """What was heard in every conversation, and what was asked about later.

        Where there was none, as in an attempt from before it, nothing was kept back.
        """
        if self._heard is None:
            names: set[str] = set()
            for held in conversations(self.case, self.answers):
                talk = held.talk
                later = self.answers.get(talk.id, {}).get("later", ())
                never_held = talk.id in self.closed and talk.id not in self.answers
                whole = (thing.id for thing in talk.heard) if never_held else ()
                names.update(held.heard, later, whole)
            self._heard = frozenset(names)
        return self._heard

    @property
    def things(self) -> list[Heard]:
        """What was heard, in the order of the case."""
        things = (thing for talk in self.case.talks for thing in talk.heard)
        return [thing for thing in things if thing.id in self.heard]

    @property
    def unheard(self) -> dict[str, Heard]:
        """What of the case is not known yet, as nobody has heard it: by the id of its part."""
        things = (thing for talk in self.case.talks for thing in talk.heard)
        return {thing.of: thing for thing in things if thing.of and thing.id not in self.heard}

    def hear(self, submission: str, name: str) -> None:
        """Ask about something that was not heard, after its conversation is over.

        Raises
        ------
        RefusedError
            It is nothing that can be asked about now.
        """
        for talk in self.case.talks:
            if name in {thing.id for thing in talk.heard} and self.state(talk.id) == "done":
                if name not in self.heard:
                    kept = self.answers[talk.id]
                    later = [*kept.get("later", ()), name]
                    self.write(submission, talk.id, {talk.id: {**kept, "later": later}})
                return
        raise RefusedError({"": "This cannot be asked about now."})

    @property
    def plan(self) -> Plan:
        """The plan as last kept; empty before there is one."""
        return Plan.of(self.case, self.answers.get("plan", ()))

    @property
    def agreed_plan(self) -> Plan:
        """The plan as last kept, without what the decision leaves out of it."""
        return self.plan.without(self.decision.get("not_to", ()))

    @property
    def ledger(self) -> Ledger:
        """Who holds the risks of the plan as last kept."""
        return self.ledger_of(self.plan)

    def ledger_of(self, plan: Plan) -> Ledger:
        """Make the ledger of any plan from what was kept: nobody holds what was not asked yet."""
        return Ledger.of(plan.risks, self.answers.get("ledger", {}))

    @property
    def agreements(self) -> Agreements | None:
        """What the three parties say, once there is a plan and a decision."""
        if "plan" not in self.answers or "decision" not in self.answers:
            return None
        return Agreements.of(self.plan, self.decision)

    @property
    def first_name(self) -> str:
        """What the person is called; empty where the case is about nobody."""
        person = self.case.about.person
        return person.name.split()[0] if person else ""

    @property
    def decision(self) -> dict[str, Any]:
        """The decision; empty before there is one."""
        return dict(self.answers.get("decision", {}))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the deal says of the plan, less what the decision leaves out, and of the decision.

        Until the decision has a stop rule, those of the ledger count.
        """
        decision = self.decision
        stop_rule = decision.get("stop_rule") or "; ".join(self.ledger.stop_rules)
        settled = {name: decision.get(name) for name in ("review_weeks", "held", "choice")}
        return findings(Proposal(self.agreed_plan, stop_rule=stop_rule, **settled))

    @property
    def plan_findings(self) -> tuple[Finding, ...]:
        """What the deal says of the plan as last kept, before there is a decision on it."""
        return findings(Proposal(self.plan))

    @property
    def follow_up(self) -> FollowUp | None:
        """What happened next, once there is a plan and a decision."""
        if not self.agreements:
            return None
        agreed, decision = agreed_items(self.plan.ids, self.decision), self.decision
        return self.case.follow_up(agreed, refusal(decision), decision["held"])

    @property
    def result(self) -> Result:
        """What scoring says of the answers so far."""
        self._result = self._result or score(self.case, self.given)
        return self._result
