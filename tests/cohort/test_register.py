"""The register, on a real file and a real server: places end, and of the erased nothing is left."""

from __future__ import annotations

import datetime as dt
import os
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from phbkit.cohort.history import log
from phbkit.cohort.register import MOST_BROWSERS, Register, sign_in_id
from phbkit.errors import UnknownNameError
from phbkit.records import database
from phbkit.records.attempts import Store
from phbkit.records.audit import note
from phbkit.records.learners import Learner
from phbkit.records.schema import metadata
from tests.commands import phb

NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(days=30)
ANN = Learner("ann", "Ann Example", "spring")
BEN = Learner("ben", "Ben Example", "spring")


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def learners(address: str, clock: Clock) -> Register:
    return Register(database.open_database(address, clock=clock))


def everything(address: str) -> str:
    """All rows of all tables, as text."""
    engine = create_engine(address)
    with engine.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for name in metadata.tables
            for row in connection.execute(text(f'SELECT * FROM "{name}"'))
        )


def test_a_second_invitation_is_the_first_with_a_new_end(learners: Register) -> None:
    [first] = learners.invite([ANN], LATER)
    [second] = learners.invite([ANN], LATER + dt.timedelta(days=1))
    assert (second.id, second.until) == (first.id, LATER + dt.timedelta(days=1))
    assert learners.invited(first.id) == ANN


def test_a_learner_who_is_invited_under_another_name_has_that_name(learners: Register) -> None:
    learners.invite([ANN, BEN], LATER)
    learners.invite([Learner("ann", "Ann Married", "autumn", "trainer")], LATER)
    assert learners.all() == [Learner("ann", "Ann Married", "autumn", "trainer"), BEN]
    assert learners.all("spring") == [BEN]


def test_inviting_again_ends_the_earlier_link_and_what_was_signed_in_by_it(
    learners: Register,
) -> None:
    [first] = learners.invite([ANN], LATER)
    secret = learners.sign_in(first.id)
    assert secret
    assert learners.who(secret) == ANN
    [second] = learners.invite([ANN], LATER, again=True)
    assert learners.invited(first.id) is None
    assert learners.who(secret) is None
    assert learners.sign_in(first.id) is None
    assert learners.sign_in(second.id)


def test_a_place_ends_on_its_day_everywhere(learners: Register, clock: Clock) -> None:
    [given] = learners.invite([ANN], LATER)
    secret = learners.sign_in(given.id)
    assert secret
    clock.now = LATER - dt.timedelta(minutes=1)
    assert learners.who(secret) == ANN
    assert learners.holding({sign_in_id(secret), "another"}) == {sign_in_id(secret)}
    clock.now = LATER
    assert learners.who(secret) is None
    assert learners.invited(given.id) is None
    assert learners.holding({sign_in_id(secret)}) == set()


def test_signing_out_ends_one_browser_and_no_other(learners: Register) -> None:
    [given] = learners.invite([ANN], LATER)
    phone, desk = learners.sign_in(given.id), learners.sign_in(given.id)
    assert phone
    assert desk
    learners.sign_out(phone)
    assert learners.who(phone) is None
    assert learners.who(desk) == ANN


def test_one_link_keeps_so_many_browsers_signed_in_and_no_more(learners: Register) -> None:
    mine, theirs = learners.invite([ANN, BEN], LATER)
    other = learners.sign_in(theirs.id)
    given = [learners.sign_in(mine.id) or "" for _ in range(MOST_BROWSERS + 2)]
    assert [learners.who(each) for each in given[:2]] == [None, None]
    assert [learners.who(each) for each in given[2:]] == [ANN] * MOST_BROWSERS
    assert other
    assert learners.who(other) == BEN


def test_a_withdrawn_place_is_nobody_s_and_the_others_stay(learners: Register) -> None:
    mine, theirs = learners.invite([ANN, BEN], LATER)
    secret, other = learners.sign_in(mine.id), learners.sign_in(theirs.id)
    assert secret
    assert other
    assert learners.revoke("ann") == 1
    assert learners.who(secret) is None
    assert learners.who(other) == BEN
    assert learners.revoke("ann") == 0


def test_whoever_was_withdrawn_stays_so_until_invited_again_on_purpose(
    learners: Register,
) -> None:
    learners.invite([ANN, BEN], LATER)
    learners.revoke("ann")
    ann, ben = learners.invite([ANN, BEN], LATER)
    assert ann.revoked
    assert learners.invited(ann.id) is None
    assert learners.invited(ben.id) == BEN
    [back] = learners.invite([ANN], LATER, again=True)
    assert learners.invited(back.id) == ANN
    assert learners.invited(ann.id) is None


@pytest.mark.parametrize("wrong", ["", "x", "' OR '1'='1", "é" * 200, "\x00"])
def test_a_secret_that_nobody_was_given_is_nobody_s(learners: Register, wrong: str) -> None:
    [given] = learners.invite([ANN], LATER)
    learners.sign_in(given.id)
    assert learners.who(wrong) is None
    assert learners.invited(wrong.replace("\x00", "")) is None


def test_the_database_does_not_hold_what_a_browser_holds(learners: Register, address: str) -> None:
    [given] = learners.invite([ANN], LATER)
    secret = learners.sign_in(given.id)
    assert secret
    assert secret not in everything(address)


def test_two_who_invite_the_same_people_at_once_give_one_link_each(learners: Register) -> None:
    people = [Learner(f"l{number}", f"Learner {number}") for number in range(20)]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: learners.invite(people, LATER), range(4)))
    assert len({tuple(each.id for each in given) for given in made}) == 1
    assert len(learners.all()) == 20


def played(address: str, learner: str) -> None:
    store = Store(database.open_database(address, clock=lambda: NOON))
    journal = store.journal(store.start(learner, "chronic-pain-massage", "v1").id)
    journal.append("s1", "judge", {"lean": f"what {learner} said"}, after=0)
    journal.append("s2", "deal", {}, after=2)
    journal.keep_draft("voices", {"note": f"what {learner} typed"})


def test_progress_counts_the_steps_of_the_latest_attempt(learners: Register, address: str) -> None:
    learners.invite([ANN, BEN], LATER)
    played(address, "ann")
    [come] = learners.progress(["ann", "ben"])
    assert (come.learner_id, come.case_id, come.steps) == ("ann", "chronic-pain-massage", 2)
    store = Store(database.open_database(address, clock=lambda: LATER))
    store.start("ann", "chronic-pain-massage", "v1")
    [come] = learners.progress(["ann", "ben"])
    assert (come.steps, come.saved) == (0, None)


def test_an_export_holds_all_that_is_kept_and_nobody_else_s(
    learners: Register, address: str
) -> None:
    mine, _ = learners.invite([ANN, BEN], LATER)
    learners.sign_in(mine.id)
    played(address, "ann")
    played(address, "ben")
    kept = learners.export("ann")
    assert kept["learner"]["name"] == "Ann Example"
    assert kept["links"][0]["until"].startswith(LATER.date().isoformat())
    assert len(kept["signed_in"]) == 1
    [attempt] = kept["attempts"]
    assert [each["value"] for each in attempt["answers"] if each["question"]] == ["what ann said"]
    assert attempt["drafts"][0]["values"] == {"note": "what ann typed"}
    assert "ben" not in str(kept)
    assert mine.id not in str(kept)  # with the key it would be a link


def test_an_erased_learner_leaves_a_trace_that_does_not_say_who(
    learners: Register, address: str
) -> None:
    mine, theirs = learners.invite([ANN, BEN], LATER)
    secret, other = learners.sign_in(mine.id), learners.sign_in(theirs.id)
    assert secret
    assert other
    played(address, "ann")
    played(address, "ben")
    before = everything(address)
    trace = learners.erase("ann")
    after = everything(address)
    assert "ann" in before
    assert "ann" not in after.lower()
    assert mine.id not in after
    assert learners.who(secret) is None
    assert learners.who(other) == BEN
    assert (trace.attempts, trace.answers) == (1, 3)
    assert trace.id in after
    assert learners.export("ben")["attempts"][0]["answers"]


@pytest.mark.parametrize("act", ["export", "erase", "revoke"])
def test_an_unknown_learner_is_named_with_who_was_meant(learners: Register, act: str) -> None:
    learners.invite([ANN, BEN], LATER)
    with pytest.raises(UnknownNameError, match="Did you mean 'ann'"):
        getattr(learners, act)("amn")
    assert len(learners.all()) == 2


def test_whoever_played_without_a_link_can_be_exported_and_erased(
    learners: Register, address: str
) -> None:
    played(address, "local")
    assert learners.export("local")["learner"] == {"id": "local"}
    assert learners.erase("local").answers == 3


def test_whoever_a_proxy_vouches_for_is_known_from_then_on(learners: Register) -> None:
    cat = Learner("cat@example.org", "cat@example.org")
    assert learners.welcome(cat) == cat
    learners.invite([Learner("cat@example.org", "Cat", "spring")], LATER)
    assert learners.welcome(cat).name == "Cat"


def test_of_the_erased_no_word_stays_in_a_file_of_the_database(file: Path) -> None:
    learners = Register(database.open_database(f"sqlite:///{file}"))
    journal = Store(learners.database).journal(Store(learners.database).start("ann", "c", "v").id)
    for step in range(20):
        journal.keep_draft(f"step {step}", {"note": "what ann typed " * 30})
        journal.append(f"s{step}", f"step {step}", {"why": "what ann said " * 90}, after=2 * step)
    learners.erase("ann")
    left = b"".join(each.read_bytes() for each in file.parent.iterdir())
    assert b"CREATE TABLE answer" in left
    assert b"what ann" not in left


def test_copies_that_somebody_still_reads_are_told_of(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    learners = Register(database.open_database(f"sqlite:///{file}", busy_seconds=0.01))
    Store(learners.database).start("ann", "c", "v")
    with database.open_database(f"sqlite:///{file}").reading() as other:
        other.execute(text("SELECT * FROM attempt")).all()
        assert learners.erase("ann").attempts == 1
    assert f"{file}-wal: others read it" in caplog.text


def test_the_log_tells_who_came_and_went_and_of_the_erased_only_when(learners: Register) -> None:
    for who in (ANN, BEN):
        [given] = learners.invite([who], LATER)
        learners.sign_out(learners.sign_in(given.id) or "")
    note(learners.database, "exported", "ann")
    learners.revoke("ann")
    until = NOON + dt.timedelta(hours=1)
    before = log(learners.database, NOON, until)
    assert [(act, who) for _, act, who in before] == [
        *((act, who) for who in ("ann", "ben") for act in ("invited", "signed in", "signed out")),
        ("exported", "ann"),
        ("revoked", "ann"),
    ]
    learners.erase("ann")
    *after, erased = log(learners.database, NOON, until)
    assert [(at, act) for at, act, _ in after] == [(at, act) for at, act, _ in before]
    assert {who for _, _, who in after} == {"", "ben"}
    assert tuple(erased)[1:] == ("erased", "")
    assert log(learners.database, before[2].at, before[3].at) == after[2:4]


def test_the_log_tells_of_a_link_that_another_took_the_place_of_before_that_one(
    learners: Register,
) -> None:
    learners.invite([ANN], LATER)
    learners.invite([ANN], LATER, again=True)
    told = [row.act for row in log(learners.database, NOON, LATER)]
    assert told == ["invited", "revoked", "invited"]


def test_whoever_was_quiet_for_long_is_erased_once_their_link_has_ended(
    learners: Register, clock: Clock, address: str
) -> None:
    day = dt.timedelta(days=1)
    learners.invite([ANN, BEN, Learner("cat", "Cat")], NOON + day)
    learners.invite([Learner("dan", "Dan")], NOON + 400 * day)
    played(address, "local")
    clock.now = NOON + 100 * day
    [given] = learners.invite([BEN], clock.now + day)
    learners.sign_in(given.id)
    Store(learners.database).start("cat", "c", "v1")
    learners.erase_old(NOON + 50 * day)
    assert [who.id for who in learners.all()] == ["ben", "cat", "dan"]
    assert Store(learners.database).latest("local", "c") is None
    assert [act for _, act, _ in log(learners.database, NOON, NOON + 400 * day)].count(
        "erased"
    ) == 2
    clock.now = NOON + 500 * day
    learners.revoke("dan")
    learners.erase_old(NOON + 490 * day)
    assert [who.id for who in learners.all()] == ["dan"]


DID = {
    "came": lambda register, *_: register.welcome(Learner("cat", "Cat")),
    "began": lambda register, *_: Store(register.database).start("cat", "c", "v1"),
    "answered": lambda _, journal, __: journal.append("s1", "judge", {"lean": 1}, after=0),
    "typed": lambda _, journal, __: journal.keep_draft("judge", {"lean": "1"}),
    "signed out": lambda register, _, secret: register.sign_out(secret),
}


@pytest.mark.parametrize("what", DID)
def test_whatever_somebody_did_last_keeps_what_is_theirs_and_no_longer(
    learners: Register, clock: Clock, what: str
) -> None:
    day, who = dt.timedelta(days=1), "cat" if what in {"came", "began"} else "ann"
    [given] = learners.invite([ANN], NOON + day)
    secret, store = learners.sign_in(given.id), Store(learners.database)
    journal = store.journal(store.start("ann", "c", "v1").id)
    clock.now = NOON + 100 * day
    DID[what](learners, journal, secret)
    learners.erase_old(NOON + 99 * day)
    assert learners.export(who)
    learners.erase_old(NOON + 101 * day)
    with pytest.raises(UnknownNameError):
        learners.export(who)


def test_a_link_that_was_withdrawn_keeps_nobody(learners: Register) -> None:
    learners.invite([ANN, BEN], NOON + dt.timedelta(days=400))
    learners.revoke("ann")
    learners.erase_old(NOON + dt.timedelta(days=50))
    assert learners.all() == [BEN]


def test_two_servers_that_erase_at_once_erase_everybody_once(address: str, clock: Clock) -> None:
    learners = Register(database.open_database(address, busy_seconds=60, clock=clock))
    learners.invite([Learner(f"l{n}", f"Learner {n}") for n in range(20)], NOON)
    until = NOON + dt.timedelta(days=1)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: learners.erase_old(until), range(2)))
    assert learners.all() == []
    assert [act for _, act, _ in log(learners.database, NOON, until)].count("erased") == 20


def test_whoever_reads_for_a_moment_is_waited_for_and_leaves_no_copy(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    learners = Register(database.open_database(f"sqlite:///{file}"))
    Store(learners.database).start("ann", "c", "v")
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM attempt").fetchall()
        reading = threading.Timer(0.5, other.execute, ["COMMIT"])
        reading.start()
        learners.erase("ann")
        reading.join()
    assert "others read it" not in caplog.text


def test_who_is_there_is_told_whole_on_a_narrow_screen(
    learners: Register, address: str, tmp_path: Path
) -> None:
    person = Learner("0f" * 18, "Somebody with a rather long name", "spring", "trainer")
    learners.invite([person], LATER)
    env = {**os.environ, "PHB_DATABASE": address, "COLUMNS": "80"}
    _, line, count = phb("learners", cwd=tmp_path, env=env).stdout.splitlines()
    told = [person.id, person.name, "spring", "trainer", f"{LATER:%Y-%m-%d}", "0", "0"]
    assert re.split("  +", line) == told
    assert count == "1 learner."
