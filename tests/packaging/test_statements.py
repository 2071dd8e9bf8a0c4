"""What learners did as xAPI statements, and a record store that takes each of them once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from phbkit.casebank import Case
from phbkit.packaging.record_store import NotSentError, send
from phbkit.packaging.statements import statements
from phbkit.scoring import score
from tests.commands import phb
from tests.made import careful, careless

ANN = {"account": {"homePage": "https://phb.example.nhs.uk", "name": "ann"}}


class Store(ThreadingHTTPServer):
    """A record store: an id it has seen is the same statement, or refused."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: dict[str, Any] = {}
        self.times = 0
        self.refuses: set[str] = set()
        self.fails = 0
        self.lets_in = True


class Taking(BaseHTTPRequestHandler):
    server: Store

    def do_POST(self) -> None:
        store, sent = self.server, json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        store.times += 1
        known = [each for each in sent if store.taken.get(each["id"], each) != each]
        if not store.lets_in or self.headers["Authorization"] != "Basic azpz":
            code = 401
        elif store.fails:
            store.fails, code = store.fails - 1, 503
        elif known or store.refuses & {each["id"] for each in sent}:
            code = 409 if known else 400
        else:
            code = 200
            store.taken |= {each["id"]: each for each in sent}
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def written(tmp_path: Path, case: Case) -> Path:
    file = tmp_path / "statements.jsonl"
    told = statements(case, careful(case), ANN)
    file.write_text("".join(json.dumps(each) + "\n" for each in told))
    return file


def address(store: Store) -> str:
    return f"http://127.0.0.1:{store.server_port}/xapi"


def test_every_choice_critical_error_and_gap_is_told_and_the_same_answers_say_the_same(
    case: Case,
) -> None:
    for given in (careful(case), careless(case)):
        told = list(statements(case, given, ANN))
        assert told == list(statements(case, given, ANN))
        assert len({UUID(each["id"]) for each in told}) == len(told)
        objects = [each["object"]["id"] for each in told]
        for question in case.questions:
            tries = 1 + len(given.get(f"{question.id}.again", ()))
            assert objects.count(f"urn:phbkit:{case.id}:{question.id}") == tries
        result = score(case, given)
        assert sum(each.endswith(":critical") for each in objects) == len(result.critical)
        rated = [each for each in told if each["verb"]["id"] == "urn:phbkit:rated"]
        assert len(rated) == sum(len(given[talk.id].get("rated", ())) for talk in case.talks) > 0
        assert all(0 <= int(each["result"]["response"]) <= 9 for each in rated)
        assert told[-1]["result"]["completion"] is True
        assert told[-1]["result"]["score"]["scaled"] == pytest.approx(float(result.percent()) / 100)


def test_a_store_that_was_away_gets_everything_once(store: Store, written: Path) -> None:
    count = len(written.read_text().splitlines())
    store.fails = 99
    with pytest.raises(NotSentError, match="The same command goes on"):
        send(written, address(store), "k:s", pause=0)
    store.fails = 2
    assert send(written, address(store), "k:s", pause=0) == (count, 0, [])
    times = store.times
    assert send(written, address(store), "k:s", pause=0) == (0, count, [])
    assert (len(store.taken), store.times) == (count, times)


def test_what_is_refused_is_told_kept_and_sent_again_and_keeps_nothing_back(
    store: Store, written: Path
) -> None:
    ids = [json.loads(line)["id"] for line in written.read_text().splitlines()]
    store.refuses = {ids[3]}
    sent = send(written, address(store), "k:s", pause=0)
    assert sent.now == len(ids) - 1
    assert sent.refused == [f"{ids[3]}: HTTP 400: Bad Request"]
    store.refuses = set()
    assert send(written, address(store), "k:s", pause=0) == (1, len(ids) - 1, [])


def test_a_store_that_lets_nobody_in_is_told_of_at_once(store: Store, written: Path) -> None:
    store.lets_in = False
    with pytest.raises(NotSentError, match="lets nobody in with this PHB_XAPI_KEY"):
        send(written, address(store), "k:s")
    assert store.times == 1


def test_a_cohort_is_written_and_sent_by_one_command_and_never_in_the_clear(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHB_XAPI_KEY", "k:s")
    phb("simulate", "--learners", 3, "--seed", 7, "--out", tmp_path / "cohort.jsonl", cwd=tmp_path)
    words = ("xapi", "cohort.jsonl", "--out", "told.jsonl", "--to")
    refused = phb(*words, "http://lrs.example.org/", cwd=tmp_path)
    assert "is not https. Statements are about people." in refused.stderr
    done = phb(*words, address(store), cwd=tmp_path)
    assert f"{len(store.taken)} taken now, 0 before, 0 refused." in done.stdout
    actors = {each["actor"]["account"]["name"] for each in store.taken.values()}
    assert len(actors) == 3
    again = phb("xapi", "cohort.jsonl", "--out", "told.jsonl", cwd=tmp_path)
    assert "told.jsonl is there already" in again.stderr
