"""What happened with learners and when, read from what is kept of them; answers are not read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from phbkit.cohort.schema import erasure, invitation, sign_in
from phbkit.records.database import Database
from phbkit.records.schema import answer, attempt, audit, draft, learner

_INVITED, _PLAYED = invitation.c.learner_id, attempt.c.learner
_BROWSERS = sign_in.join(invitation)
_LOGGED = {  # when, with whom, and where it is kept
    "invited": (invitation.c.made, _INVITED, invitation),
    "revoked": (invitation.c.revoked, _INVITED, invitation),
    "signed in": (sign_in.c.at, _INVITED, _BROWSERS),
    "signed out": (sign_in.c.ended, _INVITED, _BROWSERS),
}
_LINK_ENDS = sa.func.coalesce(invitation.c.revoked, invitation.c.until)
_LAST = {
    "added": (learner.c.added, learner.c.id, learner),
    "link ends": (_LINK_ENDS, _INVITED, invitation),
    "began": (attempt.c.started, _PLAYED, attempt),
    "answered": (answer.c.saved, _PLAYED, attempt.join(answer)),
    "typed": (draft.c.saved, _PLAYED, attempt.join(draft)),
}


def log(database: Database, since: dt.datetime, until: dt.datetime) -> Sequence[Any]:
    """List when who was invited, signed in or out, or revoked, and what was done with records.

    Rows of a moment, an act and a learner's id, which is empty where it does not matter and where
    it was erased.
    """
    erased = sa.select(erasure.c.at, sa.literal("erased"), sa.literal(""))
    noted = sa.select(audit.c.at, audit.c.act, audit.c.learner)
    rows = sa.union_all(*_happened(_LOGGED), erased, noted).subquery()
    query = sa.select(rows).where(rows.c.at.between(since, until))
    ended_first = sa.case((rows.c.act == "revoked", 0), else_=1)  # a link, by the one that follows
    return database.rows(query.order_by(rows.c.at, ended_first))


def quiet_since(database: Database, moment: dt.datetime) -> list[str]:
    """List the ids of those of whom nothing happened since, and whose links had ended by then."""
    rows = sa.union_all(*_happened(_LOGGED | _LAST)).subquery()
    query = sa.select(rows.c.learner).group_by(rows.c.learner)
    return [who for (who,) in database.rows(query.having(sa.func.max(rows.c.at) < moment))]


def keep_nameless(connection: sa.Connection, learner_id: str) -> None:
    """Keep in the log what happened with a learner who is to be erased, but not whose it was."""
    rows = sa.union_all(*_happened(_LOGGED)).subquery()
    mine = sa.select(rows.c.at, rows.c.act, sa.literal("")).where(rows.c.learner == learner_id)
    connection.execute(sa.insert(audit).from_select(["at", "act", "learner"], mine))
    named = sa.update(audit).where(audit.c.learner == learner_id)
    connection.execute(named.values(learner=""))


def _happened(what: dict[str, tuple[Any, Any, Any]]) -> list[sa.Select[Any]]:
    """Select moment, act and learner of each of these."""
    return [
        sa.select(at.label("at"), sa.literal(act).label("act"), whose.label("learner"))
        .select_from(table)
        .where(at.is_not(None))
        for act, (at, whose, table) in what.items()
    ]
