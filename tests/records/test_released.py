"""A database that a released version filled, opened by this one: everything in it is as it was.

`released/0003.sql` was written by the version that made revision 0003: learners, attempts at every
case, and three meetings. `released/0003.json` says what that version read in it. Both stay as they
are for good.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from phbkit.casebank import CaseBank
from phbkit.cohort.register import Register, chosen_answers
from phbkit.cohort.schema import erasure
from phbkit.meeting.documents import HeldMeeting, case_of
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.sessions import Sessions
from phbkit.records.attempts import Store
from phbkit.records.database import open_database
from phbkit.workbook.module import Module

RELEASED = Path(__file__).parent / "released"
NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
PARTIES = ("person", "professional", "commissioner")
SINCE = {"sole_holder", "sole_reason", "to_confirm"}  # what a record tells since 0003


def load(address: str) -> None:
    """Make the tables of revision 0003 with the project's migrations, and fill them."""
    rows = (RELEASED / "0003.sql").read_text(encoding="utf-8")
    if address.startswith("sqlite"):
        file = Path(address.removeprefix("sqlite:///"))
        file.parent.mkdir(parents=True, exist_ok=True)
        _upgrade(address)
        connection = sqlite3.connect(file)
        connection.executescript(rows)
        connection.close()
        return
    _upgrade(address)
    with psycopg.connect(address.replace("+psycopg", "")) as server:
        server.execute("SET TIME ZONE 'UTC'")
        server.execute(rows.encode())


def _upgrade(address: str) -> None:
    open_database(address).engine.dispose()


def digest(data: Any) -> str:
    """Name a value by its content, where writing it out would be long."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def attempts(store: Store, bank: CaseBank) -> dict[str, Any]:
    """Read the latest attempt of every learner at every case: answers, steps, result."""
    read = {}
    for attempt, answers in chosen_answers(store._database, bank.case_ids, "latest"):
        module = Module(bank.load(attempt.case_id), store.journal(attempt.id))
        read[f"{attempt.learner}, {attempt.case_id}"] = {
            "id": attempt.id,
            "version": attempt.case_version,
            "started": attempt.started.isoformat(),
            "answers": answers,
            **played(module),
        }
    return read


def played(module: Module) -> dict[str, Any]:
    """Tell how far an attempt is, what is typed there, and what scoring says of it."""
    result = json.loads(json.dumps(module.result.as_dict()))
    del result["case_version"]  # another for every change of a word in the case
    for error in result["critical_errors"]:
        del error["text"]  # the case's words, too
    for text in result["for_marking"]:
        del text["rubric"]
    steps = [step.id for step in module.steps if not step.grows or module.tries(step.id)]
    states = {step: module.state(step) for step in steps}
    if module.current and module.current not in steps:  # a conversation that was not there then
        states[next(step for step in steps if states[step] != "done")] = "open"
    return {
        "steps": states,
        "answered again": {step: n for step in steps if (n := module.tries(step)) > 1},
        "drafts": {step: typed for step in steps if (typed := module.journal.draft(step))},
        "scores": {key: score["percent"] for key, score in result["scores"].items()},
        "critical": [error["where"] for error in result["critical_errors"]],
        "result": digest(result),
    }


def learners(kept: Register, browsers: Mapping[str, Any]) -> dict[str, Any]:
    """Read who has a place, whose a browser is, how far everybody is, and what is kept of them."""
    everybody = [who.id for who in kept.all()]
    return {
        "learners": [[who.id, who.name, who.cohort, who.role] for who in kept.all()],
        "invitations": {
            name: [each.id, each.made.isoformat(), each.until.isoformat(), bool(each.revoked)]
            for name, each in sorted(kept.invitations().items())
        },
        "welcome": sorted(each.learner_id for each in kept.invitations().values()
                          if kept.invited(each.id)),
        "browsers": {secret: who.id if (who := kept.who(secret)) else None for secret in browsers},
        "progress": sorted(
            [each.learner_id, each.case_id, each.steps, str(each.saved)]
            for each in kept.progress([*everybody, "local"])
        ),
        "erasures": [[each.id, each.at.isoformat(), each.attempts, each.answers]
                     for each in kept.database.rows(select(erasure).order_by(erasure.c.at))],
        "exports": {name: exported(kept.export(name)) for name in [*everybody, "local"]},
    }  # fmt: skip


def exported(whole: dict[str, Any]) -> dict[str, Any]:
    """Tell what an export holds; no database promises an order of drafts."""
    assert whole.pop("done with it") == []  # which that version did not know
    for attempt in whole["attempts"]:
        attempt["drafts"].sort(key=lambda draft: draft["step"])
    counts = [[a["case_id"], len(a["answers"]), len(a["drafts"])] for a in whole["attempts"]]
    return {
        "learner": whole["learner"],
        "links": len(whole["links"]),
        "signed_in": len(whole["signed_in"]),
        "attempts": counts,
        "all of it": digest(whole),
    }


def meetings(sessions: Sessions, bank: CaseBank, seats: Mapping[str, Any]) -> dict[str, Any]:
    """Read every meeting, and where the codes and secrets that were given out lead."""
    listed = sessions.listed()
    return {
        "meetings": {each.id: met(HeldMeeting(each, case_of(each, bank), sessions.acts(each.id)))
                     for each in listed},
        "codes": {each.code: sessions.find(each.code) is not None for each in listed},
        "seats": {secret: [found[0].id, found[1]] if (found := sessions.seat_of(secret)) else None
                  for secret in seats},
    }  # fmt: skip


def met(held: HeldMeeting) -> dict[str, Any]:
    """Fold a meeting from its acts, and write its record."""
    session, meeting = held.session, Meeting.of(held.acts)
    return {
        "about": [session.code, session.case_id, session.mode, session.subject],
        "opened": session.opened.isoformat(),
        "closed": session.closed.isoformat() if session.closed else None,
        "acts": [[each.seat, each.act, each.ticket, each.at.isoformat()] for each in held.acts],
        "stage": meeting.stage,
        "seats": {seat.id: [seat.title, seat.away] for seat in meeting.seats.values()},
        "rated": [thing.title for thing in meeting.things],
        "ratings": {str(number): meeting.revealed(number) for number in meeting.rounds},
        "plan": meeting.plan.model_dump() if meeting.changed_by("plan") else {},
        "ledger": {name: asdict(risk) for name, risk in meeting.ledger.items()},
        "agreed to": meeting.agreed_to,
        "stands": {party: said.says for party in PARTIES if (said := meeting.standing(party))},
        "signs": {party: who.id for party in PARTIES if (who := meeting.signer(party))},
        "dropped": list(meeting.dropped),
        "record": {name: part for name, part in held.record.as_json().items() if name not in SINCE},
    }


def reading(address: str, bank: CaseBank, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read everything in a database; `given` has the secrets that it keeps only the hashes of."""
    database = open_database(address, clock=lambda: NOW)
    store = Store(database)
    read = {
        "attempts": attempts(store, bank),
        **learners(Register(database), given["browsers"]),
        **meetings(Sessions(database), bank, given["seats"]),
    }
    database.engine.dispose()
    return json.loads(json.dumps(read))


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return json.loads((RELEASED / "0003.json").read_text(encoding="utf-8"))


@pytest.fixture
def read(address: str, bank: CaseBank, expected: dict[str, Any]) -> dict[str, Any]:
    load(address)
    return reading(address, bank, expected)


def test_everything_in_a_released_database_reads_as_it_did(
    read: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert read.keys() == expected.keys()
    for part, rows in expected.items():
        if isinstance(rows, dict):
            assert read[part].keys() == rows.keys(), part
            for name, row in rows.items():
                assert read[part][name] == row, f"{part}: {name}"
        assert read[part] == rows, part


def test_the_tables_kept_beside_it_are_among_those_of_the_migrations(tmp_path: Path) -> None:
    ours, kept = tmp_path / "ours.sqlite", tmp_path / "kept.sqlite"
    _upgrade(f"sqlite:///{ours}")
    with sqlite3.connect(kept) as connection:
        connection.executescript((RELEASED / "0003_tables.sql").read_text(encoding="utf-8"))
    assert tables(kept).items() <= tables(ours).items()


def tables(file: Path) -> dict[str, str]:
    """Read what makes each table and index of a SQLite file."""
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: " ".join(sql.split()) for name, sql in rows}
