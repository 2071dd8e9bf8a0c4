"""The steps that are conversations: turns said one by one, then how one rates it oneself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationInfo

from phbkit.casebank import Case
from phbkit.casebank.conversation import Conversation
from phbkit.casebank.talk import HIGHEST_RATING, Rated
from phbkit.errors import RefusedError
from phbkit.tables import wrong
from phbkit.workbook import formats
from phbkit.workbook.step import Step

if TYPE_CHECKING:
    from phbkit.workbook.module import Module

RATED: dict[Rated, str] = {
    "listening": "Listening for what matters most",
    "choosing": "Putting what matters into the choice",
    "clarity": "Making risks clear, in a way that can be used",
}


class Turn(formats.Answer):
    """One thing that was said: the line, and one's own words for it where there are any."""

    line: Annotated[str, Field(min_length=1, max_length=60)]
    own: formats.TextIfAny = None


def _of_the_case(name: str, info: ValidationInfo[Case]) -> str:
    known = {thing.id for talk in info.context.talks for thing in talk.heard}
    if name not in known:
        raise wrong(f"{name!r} is nothing that is heard in this case.")
    return name


class TalkAnswer(formats.Answer):
    """A conversation: its turns, how the learner rates it, and what they asked about later."""

    turns: list[Turn] = Field([])
    rated: Annotated[
        dict[Rated, Annotated[formats.Whole, Field(ge=0, le=HIGHEST_RATING)]] | None,
        formats.said(f"listening, choosing and clarity, each from 0 to {HIGHEST_RATING}"),
    ] = None
    later: list[Annotated[str, AfterValidator(_of_the_case)]] | None = None


def conversations(case: Case, answers: Mapping[str, Any]) -> list[Conversation]:
    """Return the conversations of a case as far as they were held, without what cannot be said now.

    What was heard in earlier ones counts, and what was asked about later.
    """
    found: list[Conversation] = []
    before = frozenset[str]()
    for talk in case.talks:
        answer = answers.get(talk.id, {})
        said = [turn["line"] for turn in answer.get("turns", ())]
        found.append(Conversation.of(talk, said, before))
        before = found[-1].heard.union(answer.get("later", ()))
    return found


def conversation(talk_id: str, case: Case, answers: Mapping[str, Any]) -> Conversation:
    """Return one conversation of a case as far as it was held."""
    return next(held for held in conversations(case, answers) if held.talk.id == talk_id)


class TalkStep(Step):
    """A conversation, a submission for each turn; it is done once it has ended and is rated."""

    def crossed(
        self, case: Case, answers: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, str]:
        """Find the first line that could not be said at its turn."""
        said = [turn["line"] for turn in answers.get(self.key, {}).get("turns", ())]
        held = conversation(self.id, case, answers)
        place = len(held.said)
        if place == len(said):
            return {}
        could = ", ".join(line.id for line in held.sayable) or "nothing, it has ended"
        problem = f"cannot be {said[place]!r}: open was {could}."
        return {f"{self.key}.turns.{place}.line": problem}

    def grown(self, module: Module, given: Any) -> Any:
        """Add to the conversation what a form sends: one more turn, or the ratings."""
        if not isinstance(given, Mapping):
            raise RefusedError({f"{self.key}.line": formats.NOT_ANSWERED})
        if "turns" in given:  # whole, as a file has it
            return given
        held = conversation(self.id, module.case, module.answers)
        kept = module.answers.get(self.key, {})
        turns = kept.get("turns", [])[: len(held.said)]  # a changed case may leave less of it
        if held.ended:
            rated = given.get("rated", {})
            missing = [f"{self.key}.rated.{part}" for part in held.talk.begins if part not in rated]
            if missing:
                raise RefusedError(dict.fromkeys(missing, formats.NOT_ANSWERED))
            return {**kept, "turns": turns, "rated": rated}
        if given.get("line") not in [line.id for line in held.sayable]:
            raise RefusedError({f"{self.key}.line": formats.NOT_ANSWERED})
        later = {"later": kept["later"]} if "later" in kept else {}
        return {"turns": [*turns, given], **later}

    def finished(self, case: Case, answers: Mapping[str, Any]) -> bool:
        """Say whether the conversation has ended, and is rated where it is to be."""
        held, rated = conversation(self.id, case, answers), answers[self.key].get("rated", {})
        return held.ended and rated.keys() >= held.talk.begins.keys()


_talk = partial(TalkStep, kind=TypeAdapter(TalkAnswer), grows=True, tells_more=True)
TALK = _talk("talk", "Your ten minutes", "talk")
ASK = _talk("ask", "Somebody else", "ask")
CLOSE = _talk("close", "Talk it over", "close")
