"""What may be done, by whom, at which stage; and that every refusal says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from phbkit.casebank import Case, CaseBank
from phbkit.documents.document import as_text
from phbkit.errors import RefusedError
from phbkit.meeting.checks import MOST_SEATS, check, check_join
from phbkit.meeting.decision_record import decision_record
from phbkit.meeting.documents import full, plain
from phbkit.meeting.pages import View, part_page
from phbkit.meeting.shared_plan import SharedPlan
from tests.meeting.made_meeting import (
    CASEBANK,
    WATCHED,
    Played,
    agreed,
    all_held,
    ended,
    gathered,
    planned,
    rated,
)


@pytest.fixture(scope="module")
def case() -> Case:
    return CaseBank(CASEBANK).load("alcohol-detox-at-home")


def refused(played: Played, seat: str, act: str, /, **values: Any) -> dict[str, str]:
    with pytest.raises(RefusedError) as raised:
        check(act, played.asked(seat, **values))
    assert all(problem.strip() for problem in raised.value.problems.values())
    return raised.value.problems


def agreed_to(played: Played) -> str:
    return str(played.meeting.agreed_to)


@pytest.fixture
def rating(case: Case) -> Played:
    played = gathered(case)
    played.go("rate")
    return played


def marks(played: Played, first: Any) -> dict[str, str]:
    names = [f"ratings.{thing.id}" for thing in played.meeting.things]
    return {"round": "1", **dict.fromkeys(names, "5"), names[0]: first}


@pytest.mark.parametrize("bad", ["0", "10", "seven", "7.5", "-1", "", " 7", "７", "1e0", ["7"]])
def test_a_rating_that_is_no_whole_number_from_1_to_9_is_refused(rating: Played, bad: Any) -> None:
    problems = refused(rating, "ann", "rate", **marks(rating, bad))
    assert list(problems) == [f"ratings.{rating.meeting.things[0].id}"]


def test_a_rating_after_the_reveal_is_refused(rating: Played) -> None:
    rating.rate("ann", 5)
    rating.go("reveal")
    problems = refused(rating, "ben", "rate", **marks(rating, "5"))
    assert "What the room thinks" in problems[""]


def test_a_rating_for_another_seat_or_role_is_refused(rating: Played) -> None:
    for name in ("seat", "role"):
        problems = refused(rating, "ann", "rate", **marks(rating, "5"), **{name: "ben"})
        assert "your own seat" in problems[""]


def test_a_rating_of_something_that_is_not_rated_here_is_refused(rating: Played) -> None:
    problems = refused(rating, "ann", "rate", **marks(rating, "5"), **{"ratings.99": "5"})
    assert "not rated here" in problems["ratings.99"]


def test_a_rating_of_another_round_is_refused(rating: Played) -> None:
    problems = refused(rating, "ann", "rate", **(marks(rating, "5") | {"round": "2"}))
    assert "round 1" in problems[""]


def test_the_facilitator_does_not_rate(rating: Played) -> None:
    assert "does not rate" in refused(rating, "fay", "rate", **marks(rating, "5"))[""]


def test_whoever_is_away_and_does_something_is_here_again(rating: Played) -> None:
    rating.do("fay", "away", seat="ann", away="yes")
    assert rating.meeting.seats["ann"].away
    rating.rate("ann", 5)
    assert not rating.meeting.seats["ann"].away


def test_nobody_rates_before_the_person_has_spoken(case: Case) -> None:
    played = Played(case)
    played.join("pam", "person")
    played.go("person")
    problems = refused(played, "fay", "stage", **{"from": "person", "to": "rate"})
    assert "The person goes first" in problems[""]


def test_words_of_the_person_are_written_by_nobody_else_while_they_sit_here(case: Case) -> None:
    played = Played(case)
    played.join("pam", "speaks-for")
    played.join("ann", "gp")
    played.go("person")
    assert "theirs to write" in refused(played, "fay", "person", matters="x", worries="y")[""]
    assert "person’s" in refused(played, "ann", "person", matters="x", worries="y")[""]


def test_a_person_who_was_not_asked_is_on_the_record(case: Case) -> None:
    played = Played(case)
    played.go("person")
    played.do("fay", "person", matters="", worries="", not_asked="In hospital, asleep.")
    assert played.meeting.heard
    assert played.meeting.not_asked == "In hospital, asleep."


def test_a_reveal_needs_a_rating(rating: Played) -> None:
    problems = refused(rating, "fay", "stage", **{"from": "rate", "to": "reveal"})
    assert "Nobody has rated" in problems[""]


def test_only_the_facilitator_moves_the_meeting_and_only_from_where_it_is(rating: Played) -> None:
    rating.rate("ann", 5)
    move = {"from": "rate", "to": "reveal"}
    assert "Only the facilitator" in refused(rating, "ann", "stage", **move)[""]
    assert "already at" in refused(rating, "fay", "stage", **(move | {"from": "person"}))[""]
    assert "no way" in refused(rating, "fay", "stage", **(move | {"to": "end"}))[""]


@pytest.mark.parametrize("part", ["plan", "ledger"])
def test_two_facilitators_cannot_overwrite_each_other_unseen(case: Case, part: str) -> None:
    played = planned(case)
    problems = refused(played, "fay", part, seen="0", items=[])
    assert "Another window changed this part" in problems[""]


@pytest.mark.parametrize(
    ("name", "value"),
    [("times", "0"), ("times", "401"), ("times", "two"), ("starts", "soon"),
     ("ends", "2026-11-30"), ("starts", "1926-01-01")],
)  # fmt: skip
def test_times_and_days_of_a_plan_that_cannot_be_are_refused(
    case: Case, name: str, value: str
) -> None:
    played = planned(case)
    item = next(item for item in case.about.items if item.how == "bought")
    field = f"items.{item.id}.{name}"
    values = {"items": [item.id], f"items.{item.id}.starts": "2026-12-01", field: value}
    assert field in refused(played, "fay", "plan", seen=played.seen("plan"), **values)


def test_an_item_that_the_case_has_not_is_refused(case: Case) -> None:
    played = planned(case)
    assert "items" in refused(played, "fay", "plan", seen=played.seen("plan"), items=["yacht"])


def test_a_refusal_needs_a_reason_and_a_part_needs_naming(case: Case) -> None:
    played = planned(case)
    seen = agreed_to(played)
    no = {"seen": seen, "says": "does not agree", "reason": ""}
    assert "reason" in refused(played, "eve", "agreement", **no)
    part = {"seen": seen, "says": "agrees in part", "reason": "Cost.", "not_to": []}
    assert "not_to" in refused(played, "eve", "agreement", **part)


def test_nobody_answers_for_a_party_that_sits_here(case: Case) -> None:
    played = planned(case)
    told = {"seen": agreed_to(played), "says": "agrees", "party": "person", "who": "By telephone"}
    assert "answers for themselves" in refused(played, "fay", "agreement", **told)["party"]
    yes = {"seen": agreed_to(played), "says": "agrees"}
    assert "asked of the person" in refused(played, "dev", "agreement", **yes)[""]
    assert "asked of the person" in refused(played, "ben", "agreement", **yes)[""]


def test_an_answer_about_an_older_plan_is_refused(case: Case) -> None:
    played = planned(case)
    assert "has just changed" in refused(played, "pam", "agreement", seen="1", says="agrees")[""]


END = {"what": "made", "reasons": "So."}


def test_a_decision_is_not_made_until_all_three_have_agreed_to_this_plan(case: Case) -> None:
    played = planned(case)
    problem = refused(played, "fay", "outcome", **END)["what"]
    assert "the person has not answered" in problem
    for seat in ("pam", "ann"):
        played.do(seat, "agreement", seen=agreed_to(played), says="agrees", reason="")
    played.do("eve", "agreement", seen=agreed_to(played), says="does not agree", reason="Cost.")
    assert "the commissioner does not agree" in refused(played, "fay", "outcome", **END)["what"]
    played.do("fay", "outcome", **(END | {"what": "deferred"}))
    assert played.meeting.outcome.what == "deferred"


def test_an_agreement_to_an_older_plan_makes_no_decision(case: Case) -> None:
    played = agreed(case)
    kept = list(played.meeting.plan.items)
    played.do("fay", "plan", seen=played.seen("plan"), items=kept, **WATCHED)
    assert "as it is now" in refused(played, "fay", "outcome", **END)["what"]


@pytest.mark.parametrize("missing", list(WATCHED))
def test_a_decision_that_is_made_says_who_watches_it_how_and_when(case: Case, missing: str) -> None:
    played = planned(case)
    kept = dict(played.meeting.plan.items)
    less = WATCHED | {missing: ""}
    played.do("fay", "plan", seen=played.seen("plan"), items=list(kept), **less)
    for seat in ("pam", "ann", "eve"):
        played.do(seat, "agreement", seen=agreed_to(played), says="agrees", reason="")
    problem = refused(played, "fay", "outcome", **END)["what"]
    words = problem.partition("the plan does not say")[2].partition(";")[0].partition(". Put")[0]
    assert words.strip()
    assert "," not in words


def test_a_decision_needs_its_reasons_and_a_deferred_one_its_day(case: Case) -> None:
    assert "reasons" in refused(agreed(case), "fay", "outcome", **(END | {"reasons": ""}))
    later = END | {"what": "deferred"}
    assert "again_on" in refused(rated(case), "fay", "outcome", **later)


def test_a_review_in_the_past_is_refused(case: Case) -> None:
    played = planned(case)
    past = WATCHED | {"review_on": "2026-11-22"}
    problems = refused(played, "fay", "plan", seen=played.seen("plan"), items=[], **past)
    assert "after today" in problems["review_on"]


@pytest.mark.parametrize("day", ["2027-01-09", "2027-01-10"])
def test_a_review_on_a_weekend_is_refused(case: Case, day: str) -> None:
    played = planned(case)
    end = {"what": "deferred", "reasons": "Not yet.", "again_on": day}
    for act, values in (("plan", WATCHED | {"review_on": day}), ("outcome", end)):
        problems = refused(played, "fay", act, seen=played.seen("plan"), **values)
        assert "choose a day from Monday to Friday" in str(problems)


def told_for_the_commissioner(case: Case, mode: str) -> Played:
    """A plan to which the commissioner, who has left, said yes through the facilitator."""
    played = planned(case, mode=mode)
    played.do("fay", "away", seat="eve", away="yes")
    told = {"party": "commissioner", "who": "By telephone, today"}
    for seat, more in (("pam", {}), ("ann", {}), ("fay", told)):
        played.do(seat, "agreement", seen=agreed_to(played), says="agrees", **more)
    return played


def test_a_live_decision_is_made_only_by_those_who_sign_from_their_own_seats(case: Case) -> None:
    played = told_for_the_commissioner(case, "live")
    problem = refused(played, "fay", "outcome", **END)["what"]
    assert "the commissioner said yes from no seat of their own" in problem
    words = "subject to confirmation by the commissioner"
    view = View(played.meeting, case, played.meeting.seats["fay"])
    assert f"A decision is made, {words}" in part_page("outcome", view)
    came = Played(case)
    came.acts = list(played.acts)
    played.do("fay", "outcome", **END | {"what": "to confirm"})
    assert f"A decision is made, {words}" in part_page("record", View(played.meeting, case))
    record = decision_record("x", played.meeting, case)
    assert f"A decision was made, {words}." in full(record).subtitle
    first = as_text(plain(record)).partition("Why, as")[0]
    assert f"The meeting made a decision, {words}." in first
    came.do("eve", "agreement", seen=agreed_to(came), says="agrees")
    assert (
        "nothing to confirm"
        in refused(came, "fay", "outcome", **END | {"what": "to confirm"})["what"]
    )
    came.do("fay", "outcome", **END)


def test_a_live_decision_is_subject_to_the_confirmation_of_a_professional_who_is_not_there(
    case: Case,
) -> None:
    played = planned(case, mode="live")
    for seat in played.meeting.seats_of("professional"):
        played.do("fay", "away", seat=seat.id, away="yes")
    told = {"party": "professional", "who": "By telephone, today"}
    for seat, more in (("pam", {}), ("eve", {}), ("fay", told)):
        played.do(seat, "agreement", seen=agreed_to(played), says="agrees", **more)
    problem = refused(played, "fay", "outcome", **END)["what"]
    assert "the healthcare professional said yes from no seat of their own" in problem
    played.do("fay", "outcome", **END | {"what": "to confirm"})
    assert decision_record("x", played.meeting, case).to_confirm == "the healthcare professional"


def test_in_training_the_record_says_who_spoke_for_whom(case: Case) -> None:
    played = told_for_the_commissioner(case, "training")
    assert "to confirm" not in part_page(
        "outcome", View(played.meeting, case, played.meeting.seats["fay"])
    )
    played.do("fay", "outcome", **END)
    record = decision_record("x", played.meeting, case)
    assert any(
        "The commissioner: the answer was given by the facilitator" in n for n in record.notices
    )


def test_that_one_party_holds_every_risk_is_asked_about_and_stays_on_the_record(case: Case) -> None:
    played = planned(case)
    alone = {name: ["person"] for name in all_held(case)}
    played.do("fay", "ledger", seen=played.seen("ledger"), **alone)
    for seat in ("pam", "ann", "eve"):
        played.do(seat, "agreement", seen=agreed_to(played), says="agrees")
    shown = View(played.meeting, case, played.meeting.seats["fay"])
    for part in ("room", "ledger", "outcome"):
        assert "very risk is held by the person alone" in part_page(part, shown)
    assert "say why one party holds them all" in refused(played, "fay", "outcome", **END)["sole"]
    played.do("fay", "outcome", **END, sole="She wants it so.")
    record = decision_record("x", played.meeting, case)
    for told in (full(record).subtitle, as_text(full(record))):
        assert "Every risk is held by the person alone." in told
    assert "All of this is looked after by you alone." in as_text(plain(record))
    for told in (full(record), plain(record)):
        assert "She wants it so." in as_text(told)


def test_nothing_is_done_after_the_end(case: Case) -> None:
    assert "ended" in refused(ended(case), "fay", "note", note="More.")[""]


def test_a_name_or_a_person_joins_once(case: Case) -> None:
    meeting = gathered(case).meeting
    with pytest.raises(RefusedError, match="sits here already"):
        check_join(meeting, "nurse", "ANN")
    with pytest.raises(RefusedError, match="sits here already"):
        check_join(meeting, "nurse", "\N{FULLWIDTH LATIN CAPITAL LETTER A}nn")
    with pytest.raises(RefusedError, match="taken"):
        check_join(meeting, "person", "Zoe")


@pytest.mark.parametrize(
    ("role", "name"), [("facilitator", "Zoe"), ("king", "Zoe"), ("gp", " "), ("gp", "x" * 41),
                       ("gp", "a\nb"), (["gp"], "Zoe"), ("gp", None)],
)  # fmt: skip
def test_a_role_or_a_name_that_cannot_be_is_refused(case: Case, role: Any, name: Any) -> None:
    with pytest.raises(RefusedError):
        check_join(gathered(case).meeting, role, name)


def test_thirty_people_join_and_no_more(case: Case) -> None:
    played = Played(case)
    for number in range(MOST_SEATS - 1):
        played.join(f"n{number}", "nurse")
    assert len(played.meeting.seats) == 31
    with pytest.raises(RefusedError, match="full"):
        played.join("late", "nurse")


def test_dissent_stays_whatever_the_others_do(case: Case) -> None:
    played = rated(case)
    played.do("ben", "dissent", dissent="I fear the nights.")
    played.do("cat", "dissent", dissent="So do I.")
    played.do("cat", "dissent", dissent="")
    assert [words.text for words in played.meeting.dissent.values()] == ["I fear the nights."]
    assert "does not dissent" in refused(played, "fay", "dissent", dissent="")[""]


@pytest.mark.parametrize("act", ["open", "join", "", "score", "__class__"])
def test_an_act_that_no_page_offers_is_refused(case: Case, act: str) -> None:
    assert "cannot ask" in refused(gathered(case), "fay", act)[""]


def test_whoever_speaks_for_the_person_answers_only_while_the_person_is_not_here(
    case: Case,
) -> None:
    played = planned(case)
    played.join("sam", "speaks-for")
    yes = {"seen": agreed_to(played), "says": "agrees", "reason": "She told me on Friday.",
           "authority": "asked"}  # fmt: skip
    assert "asked of the person" in refused(played, "sam", "agreement", **yes)[""]
    played.do("fay", "away", seat="pam", away="yes")
    played.do("sam", "agreement", **yes)
    standing = played.meeting.standing("person")
    assert standing
    assert standing.who == "Speaks for the person: the person asked them to"
    missing = refused(played, "sam", "agreement", **(yes | {"authority": ""}))
    assert "authority" in missing


def test_somebody_who_is_back_answers_and_what_was_answered_for_them_lapses(case: Case) -> None:
    played = planned(case)
    played.join("sam", "speaks-for")
    played.do("fay", "away", seat="pam", away="yes")
    seen = agreed_to(played)
    played.do(
        "sam", "agreement", seen=seen, says="agrees", reason="So she said.", authority="asked"
    )
    no = {"seen": seen, "says": "does not agree", "reason": "I never said that."}
    played.do("pam", "agreement", **no)
    standing = played.meeting.standing("person")
    assert standing
    assert (standing.seat, standing.says) == ("pam", "does not agree")
    played.do("fay", "away", seat="pam", away="yes")
    assert played.meeting.standing("person") == standing


def test_whoever_speaks_for_the_person_says_how_they_know(case: Case) -> None:
    played = planned(case)
    played.do("fay", "away", seat="pam", away="yes")
    played.join("sam", "speaks-for")
    yes = {"seen": agreed_to(played), "says": "agrees", "reason": "", "authority": "asked"}
    assert "reason" in refused(played, "sam", "agreement", **yes)


def test_an_answer_told_for_somebody_lapses_when_they_are_here_again(case: Case) -> None:
    played = planned(case)
    played.do("fay", "away", seat="pam", away="yes")
    told = {"seen": agreed_to(played), "says": "agrees", "party": "person", "who": "By telephone"}
    played.do("fay", "agreement", **told)
    assert played.meeting.standing("person")
    played.do("pam", "dissent", dissent="I never said that.")
    assert played.meeting.standing("person") is None
    assert played.meeting.lapsed("person")


def test_the_facilitator_does_not_write_over_an_answer_from_a_seat(case: Case) -> None:
    played = planned(case)
    no = {"seen": agreed_to(played), "says": "does not agree", "reason": "The nights."}
    played.do("pam", "agreement", **no)
    played.do("fay", "away", seat="pam", away="yes")
    told = no | {"says": "agrees", "party": "person", "who": "By telephone"}
    assert "stands" in refused(played, "fay", "agreement", **told)["party"]


def test_agreements_lapse_when_who_holds_what_changes(case: Case) -> None:
    played = agreed(case)
    assert played.meeting.standing("person")
    risk = {"consequence": "She falls.", "of": "doing", "holders": ["person"]}
    risk = {f"risks.own.0.{part}": value for part, value in risk.items()}
    played.do("fay", "ledger", seen=played.seen("ledger"), **risk)
    assert played.meeting.standing("person") is None


def test_a_refusal_of_an_earlier_plan_stays_on_the_record(case: Case) -> None:
    played = planned(case)
    no = {"seen": agreed_to(played), "says": "does not agree", "reason": "He is on warfarin."}
    played.do("ann", "agreement", **no)
    kept = list(played.meeting.plan.items)
    changed = {"seen": played.seen("plan"), "items": kept, "lead": "ben", **WATCHED}
    played.do("fay", "plan", **changed)
    for seat in ("pam", "ben", "eve"):
        played.do(seat, "agreement", seen=agreed_to(played), says="agrees", reason="")
    played.do("fay", "outcome", **END)
    [earlier] = played.meeting.earlier_refusals
    assert (earlier.who, earlier.reason) == ("GP", "He is on warfarin.")
    record = decision_record("x", played.meeting, case)
    assert [each.reason for each in record.earlier] == ["He is on warfarin."]


def test_a_yes_on_a_condition_is_not_lost_when_the_plan_changes(case: Case) -> None:
    played = planned(case)
    yes = {"says": "agrees", "reason": "As long as I pick them."}
    played.do("pam", "agreement", seen=agreed_to(played), **yes)
    kept = list(played.meeting.plan.items)
    played.do("fay", "plan", seen=played.seen("plan"), items=kept, lead="ben", **WATCHED)
    [earlier] = played.meeting.earlier_refusals
    assert (earlier.who, earlier.says, earlier.reason) == ("The person", *yes.values())
    seat = played.meeting.seats["pam"]
    view = View(played.meeting, case, seat)
    assert ">As long as I pick them.</textarea>" in part_page("agreement", view)
    played.do("pam", "agreement", seen=agreed_to(played), says="agrees", reason="")
    record = decision_record("x", played.meeting, case)
    told = as_text(full(record)), as_text(plain(record))
    assert all("As long as I pick them." in document for document in told)
    assert "Who said yes on a condition" in told[1]


def test_no_decision_is_made_on_an_authority_that_is_not_settled(case: Case) -> None:
    played = planned(case)
    played.do("fay", "away", seat="pam", away="yes")
    played.join("sam", "speaks-for")
    answer = {"seen": agreed_to(played), "says": "agrees", "reason": "She told me."}
    played.do("sam", "agreement", **answer, authority="unsettled")
    for seat in ("ann", "eve"):
        played.do(seat, "agreement", seen=agreed_to(played), says="agrees", reason="")
    assert "by what authority" in refused(played, "fay", "outcome", **END)["what"]
    played.do("sam", "agreement", **answer, authority="asked")
    played.do("fay", "outcome", **END)


def test_a_safeguard_of_the_plan_can_be_refused_and_what_was_left_out_is_named(case: Case) -> None:
    played = planned(case)
    first, *others = SharedPlan(case, played.meeting).safeguards
    kept = list(played.meeting.plan.items)
    more = {"seen": played.seen("plan"), "items": kept, "safeguards": [first], **WATCHED}
    played.do("fay", "plan", **more)
    part = {"seen": agreed_to(played), "says": "agrees in part", "reason": "I know my mind."}
    assert "not_to" in refused(played, "pam", "agreement", **part, not_to=[*kept, first])
    played.do("pam", "agreement", **part, not_to=[first])
    said = played.meeting.standing("person")
    assert said
    assert said.not_to == (SharedPlan(case, played.meeting).safeguards[first],)
    record = decision_record("x", played.meeting, case)
    rated = {thing.title for thing in played.meeting.things}
    assert SharedPlan(case, played.meeting).safeguards[first] not in record.left_out
    assert set(record.left_out) == rated - set(record.safeguards) - {
        line.title for line in record.lines
    }
    assert SharedPlan(case, played.meeting).safeguards[others[0]] in as_text(plain(record))


def test_somebody_who_corrects_an_answer_to_the_same_plan_is_not_held_to_it(case: Case) -> None:
    played = planned(case)
    seen = agreed_to(played)
    played.do("ann", "agreement", seen=seen, says="does not agree", reason="I misread it.")
    played.do("ann", "agreement", seen=seen, says="agrees", reason="")
    assert played.meeting.earlier_refusals == ()


def test_a_plan_that_is_kept_as_it_was_asks_nobody_again(case: Case) -> None:
    played = agreed(case)
    before = played.meeting
    plan = before.plan
    [(item, terms)] = plan.items.items()
    same = {name: str(getattr(plan, name)) for name in ("held", *WATCHED)}
    same |= {f"items.{item}.{name}": str(value) for name, value in terms}
    played.do("fay", "plan", seen=played.seen("plan"), items=[item], **same)
    assert played.meeting.plan == plan
    assert played.meeting.standing("person") == before.standing("person")


def test_a_risk_that_a_changed_plan_brings_is_there_and_one_it_brings_no_more_is_not(
    case: Case,
) -> None:
    played = planned(case)
    held = SharedPlan(case, played.meeting).risks
    assert all(risk.holders for risk in held.values())
    kept = list(played.meeting.plan.items)
    more = {"seen": played.seen("plan"), "items": [*kept, "sister-paid"], **WATCHED}
    played.do("fay", "plan", **more)
    assert set(SharedPlan(case, played.meeting).risks) - set(held) == {"gail-becomes-staff"}
    problem = refused(played, "fay", "outcome", **END)["what"]
    assert "nobody holds 1 of the" in problem
    played.do("fay", "plan", seen=played.seen("plan"), items=[], **WATCHED)
    assert "withdrawal-turns-bad" not in SharedPlan(case, played.meeting).risks
    assert "own.0" in SharedPlan(case, played.meeting).risks


def test_no_decision_is_made_without_a_risk_written_down(case: Case) -> None:
    bare = replace(case, about=case.about.model_copy(update={"risks": ()}))
    played = rated(bare)
    played.go("agree")
    played.do("fay", "plan", seen="0", items=[case.about.items[0].id], **WATCHED)
    for seat in ("pam", "ann", "eve"):
        played.do(seat, "agreement", seen=agreed_to(played), says="agrees", reason="")
    assert "no risk is written down" in refused(played, "fay", "outcome", **END)["what"]


def test_a_made_decision_is_reviewed_on_the_day_that_all_agreed_to(case: Case) -> None:
    played = agreed(case)
    problems = refused(played, "fay", "outcome", **END, again_on="2028-10-25")
    assert "to which all three have agreed" in problems["again_on"]
    played.do("fay", "outcome", **END)
    assert str(played.meeting.outcome.review_on) == WATCHED["review_on"]


def test_a_meeting_that_reaches_nothing_has_the_day_of_a_plan_nobody_agreed_to_only_if_asked(
    case: Case,
) -> None:
    played = planned(case)
    played.do("fay", "outcome", what="not reached", reasons="We ran out of time.")
    assert decision_record("x", played.meeting, case).review_on is None


def test_safeguards_that_were_chosen_are_in_the_plan_and_on_the_record(case: Case) -> None:
    played = planned(case)
    chosen = next(iter(SharedPlan(case, played.meeting).safeguards))
    more = {"seen": played.seen("plan"), "items": [], "safeguards": [chosen], **WATCHED}
    played.do("fay", "plan", **more)
    title = SharedPlan(case, played.meeting).safeguards[chosen]
    assert decision_record("x", played.meeting, case).safeguards == (title,)
    assert "has no" in refused(played, "fay", "plan", **(more | {"seen": played.seen("plan"),
                               "safeguards": ["s.nosuch"]}))["safeguards"]  # fmt: skip


def test_ratings_are_not_shown_over_those_who_are_still_rating_unless_said_so(case: Case) -> None:
    played = gathered(case)
    played.go("rate")
    played.rate("ann", 3)
    go = {"from": "rate", "to": "reveal"}
    problem = refused(played, "fay", "stage", **go)["without"]
    assert "Ben, nurse" in problem
    assert "Ann" not in problem
    played.do("fay", "stage", **go, without=["yes"])
    assert played.meeting.stage == "reveal"


def test_marks_are_dropped_only_of_somebody_who_came_back(rating: Played) -> None:
    drop = {"seat": "ann", "away": "replaced"}
    assert "has given none" in refused(rating, "fay", "away", **drop)["away"]
    rating.rate("ann", 1)
    assert "joined later" in refused(rating, "fay", "away", **drop)["away"]
    rating.join("ada", "gp")
    rating.do("fay", "away", **drop)
    assert rating.meeting.dropped == ("ann",)
    assert "ann" not in rating.meeting.rated(1)


def test_a_person_who_lost_their_seat_joins_again_once_the_old_one_is_away(case: Case) -> None:
    played = gathered(case)
    with pytest.raises(RefusedError):
        check_join(played.meeting, "person", "Pam")
    played.do("fay", "away", seat="pam", away="yes")
    assert check_join(played.meeting, "person", "Pam") == {"role": "person", "name": "Pam"}


def test_what_was_told_for_somebody_who_came_does_not_come_back_when_they_leave(
    case: Case,
) -> None:
    played = planned(case)
    played.do("fay", "away", seat="pam", away="yes")
    told = {"seen": agreed_to(played), "says": "agrees", "party": "person", "who": "By telephone"}
    played.do("fay", "agreement", **told)
    played.do("fay", "away", seat="pam", away="no")
    played.do("fay", "away", seat="pam", away="yes")
    assert played.meeting.standing("person") is None


def test_two_windows_of_one_seat_do_not_overwrite_its_words_unseen(case: Case) -> None:
    played = gathered(case)
    again = {"matters": "My dog.", "worries": ""}
    assert "Another window" in refused(played, "pam", "person", **again, seen="0")[""]
    played.do("pam", "person", **again)
    assert played.meeting.matters[0].text == "My dog."


def test_not_asked_and_their_words_are_not_both_given(case: Case) -> None:
    played = Played(case)
    played.go("person")
    both = {"seen": "0", "matters": "Sleep.", "not_asked": "She was in theatre."}
    assert "Leave one" in refused(played, "fay", "person", **both)["not_asked"]
    played.do("fay", "person", not_asked="She was in theatre.")
    played.join("pam", "person")
    played.do("pam", "person", matters="Sleep.", worries="")
    assert played.meeting.not_asked == "She was in theatre. They joined later, and spoke."


def test_whether_an_authority_is_settled_is_decided_by_what_was_chosen_not_by_words(
    case: Case,
) -> None:
    played = planned(case)
    played.do("fay", "away", seat="pam", away="yes")
    words = "Her sister; she says it is not settled by what authority"
    told = {"seen": agreed_to(played), "says": "agrees", "party": "person", "who": words}
    played.do("fay", "agreement", **told)
    for seat in ("ann", "eve"):
        played.do(seat, "agreement", seen=agreed_to(played), says="agrees", reason="")
    played.do("fay", "outcome", **END)
    assert played.meeting.outcome.what == "made"


def test_an_answer_for_the_person_that_kept_no_authority_makes_no_decision(case: Case) -> None:
    played = planned(case)
    played.do("fay", "away", seat="pam", away="yes")
    played.join("sam", "speaks-for")
    words = "Speaks for the person: as attorney or deputy"
    data = {"party": "person", "who": words, "says": "agrees", "not_to": [], "reason": "So."}
    played.add("sam", "agreement", data)
    for seat in ("ann", "eve"):
        played.do(seat, "agreement", seen=agreed_to(played), says="agrees", reason="")
    assert "by what authority" in refused(played, "fay", "outcome", **END)["what"]
    assert decision_record("x", played.meeting, case).agreements[0].who == words


def test_that_they_joined_later_is_told_whatever_words_the_reason_ends_with(case: Case) -> None:
    played = Played(case)
    played.go("person")
    reason = "Last time it was the same. They joined later, and spoke."
    played.do("fay", "person", not_asked=reason)
    assert played.meeting.not_asked == reason
    played.join("pam", "person")
    for words in ("Sleep.", "Sleep, and my dog."):
        played.do("pam", "person", matters=words, worries="")
        assert played.meeting.not_asked == f"{reason} They joined later, and spoke."


def test_everything_that_is_wrong_is_told_at_once(case: Case) -> None:
    played = planned(case)
    wrong = {"held": "jar", "lead": "pam", "review_on": "soon", "items": ["yacht"]}
    problems = refused(played, "fay", "plan", seen=played.seen("plan"), **wrong)
    assert set(problems) == set(wrong)
