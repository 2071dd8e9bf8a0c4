"""The catalogue: what the start page offers to go on with, and how much of each sitting is done."""

from __future__ import annotations

from pathlib import Path

from phbkit.casebank import CaseBank
from phbkit.records import open_store
from phbkit.serving.catalogue import Catalogue

WORKBOOKS = Path(__file__).parents[2] / "workbooks"


def test_it_offers_a_short_sitting_first_and_then_what_was_played_last(
    tmp_path: Path, bank: CaseBank
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'records.sqlite'}")
    catalogue = Catalogue(WORKBOOKS, bank, store)

    def offered() -> str:
        following = catalogue.next_of(catalogue.cards("ann"))
        assert following
        return following.name

    assert offered() == "chronic_pain_massage"
    attempt = store.start("ann", "know-the-deal", bank.load("know-the-deal").version)
    journal = store.journal(attempt.id)
    journal.append("one", "judge", {}, after=0)
    assert offered() == "know_the_deal"
    steps = bank.load("know-the-deal").steps
    for after, step in enumerate(steps[1:], start=1):
        journal.append(f"more-{step}", step, {}, after=after)
    assert offered() == "chronic_pain_massage"


def test_a_sitting_is_as_far_as_its_steps(tmp_path: Path, bank: CaseBank) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'records.sqlite'}")
    case = bank.load("chronic-pain-massage")
    journal = store.journal(store.start("ann", case.id, case.version).id)
    for after, step in enumerate(("meet", "talk", "judge", "deal")):
        journal.append(step, step, {}, after=after)
    card = Catalogue(WORKBOOKS, bank, store).card("ann", "chronic_pain_massage")
    assert [done for _, done in card.sittings] == [1, 0.5, 0, 0, 0]
    assert [sitting.begins for sitting in card.left] == ["deal", "voices", "risk", "decide"]
