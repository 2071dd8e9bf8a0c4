"""Shows whether a change of the code changed anything that a user is given.

Two commands. The first uses one checkout as its users do and keeps what comes of it in a folder.
The second compares two such folders::

    cd BEFORE && .venv/bin/python tests/same_bytes.py make /tmp/before
    cd AFTER && .venv/bin/python tests/same_bytes.py make /tmp/after
    .venv/bin/python tests/same_bytes.py compare /tmp/before /tmp/after

`make` works on the checkout in which it is called and knows only what is public: the `phb` command,
papermill, the workbooks, the case bank, and a filled database, `records/released/0003.sql` beside
this file. So this file of the new checkout may be run with the old one's Python, in the old one's
folder. It refuses when that Python has another phbkit. What it keeps:

`notebooks/`
    The answer files of `answers/` played by stock papermill, by its engine `phb` and by `phb run`;
    every other workbook unanswered, and what their parameters make of them; `phb result` of all.
`run/`, `interrupted/`
    A simulated cohort, whole, and stopped once and gone on with: tables, cohort, notebooks.
`report/`, `marked/`, `run/remark-*`
    `phb report` with a pass mark, with two markers' marks, and `phb remark` with another key.
`sweep/`
    Scenarios of an area's money.
`meetings/`
    The documents of every meeting in the database, and a notebook that shows one again.
`exports/`, `said/`
    `phb export` of each learner, and what every command printed.

`make OUT PART ...` makes some parts only, such as `meetings` or `cohort`; `make --help` lists them.
What a folder with some parts has not is passed over. On two idle cores everything takes minutes.

`compare` reads notebooks, tables, Word and PDF files by their content. It passes over times and
durations that papermill and the kernel note, the ids of the cells it adds, the folders of checkout,
output and Python, and the versions of phbkit and of its cases. Any other difference is printed as a
short unified diff, and the exit code is 1; it is 0 where there is none. A scripted change shows
that it can fail::

    sed -i s/Owen/Owem/ /tmp/after/notebooks/strong.papermill.ipynb
"""

from __future__ import annotations

import argparse
import csv
import difflib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PLAYED = "chronic_pain_massage"
NO_RESULT = {"mdt_case_review", "cohort_report"}
COHORT = ("chronic-pain-massage", "alcohol-detox-at-home", "getting-the-sums-right")
COHORT_WORKBOOKS = ("chronic_pain_massage", "alcohol_detox_at_home", "getting_the_sums_right")
LEARNERS = 60
SCHEMAS = ("case", "questions", "deal", "sources", "bodies", "glossary")
COMMANDS = (
    "serve check doctor new notebook preview schema result backup run simulate report remark "
    "invite learners revoke export erase"
).split()
PATIENTLY = ("--seconds", "600")  # on a busy machine nothing may fail for want of time
SECRET = "0123456789abcdef0123456789abcdef"
SCENARIOS = """scenario,running.share,running.months,running.commissioner,running.plan-cost
as it is,,,,
"half, and dearer",20,24,0,3600
"""
PARTS = (  # the longest first
    "cohort",
    "interrupted",
    "unanswered",
    "answered",
    "parametrised",
    "helps",
    "case_bank",
    "meetings",
    "exports",
    "sweep",
)
LONGEST_DIFF, WIDEST = 24, 200


class Maker:
    """Uses one checkout as its users do, and keeps what comes of it.

    Parameters
    ----------
    checkout
        The folder that holds `phbkit`, `workbooks` and `casebank`.
    out
        A folder that is not there yet.
    """

    def __init__(self, checkout: Path, out: Path) -> None:
        self.checkout, self.out = checkout, out
        self.workbooks, self.casebank = checkout / "workbooks", checkout / "casebank"
        self.environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("PHB_")},
            "PHB_CASEBANK": str(self.casebank),
            "PHB_WORKBOOKS": str(self.workbooks),
            "PHB_DATA_DIR": str(out / "data"),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "200",
            "NO_COLOR": "1",
        }

    def call(self, name: str, *words: object, fails: bool = False) -> str:
        """Run a module of this Python, and keep what it printed under a name."""
        done = subprocess.run(
            [sys.executable, "-m", *map(str, words)],
            cwd=self.out,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if bool(done.returncode) != fails:
            command = " ".join(map(str, words))
            raise SystemExit(f"{command}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
        if name:
            printed = f"exit {done.returncode}\n{done.stdout}"
            (self.out / "said" / f"{name}.txt").write_text(printed, encoding="utf-8")
        return done.stdout

    def phb(self, name: str, *words: object, fails: bool = False) -> str:
        """Run the `phb` command."""
        return self.call(name, "phbkit", *words, fails=fails)

    def papermill(self, workbook: str, out: str, *words: object) -> None:
        """Run a workbook by papermill."""
        file, made = self.workbooks / f"{workbook}.ipynb", self.out / "notebooks" / out
        self.call("", "papermill", file, made, "--no-progress-bar", *words)

    def make(self, parts: Sequence[str]) -> None:
        """Make some parts, two at a time."""
        self.out.mkdir(parents=True)
        for name in ("said", "notebooks", "exports", "meetings", "data"):
            (self.out / name).mkdir()
        self.require_checkout()
        self.fill_database()
        self.phb("learners", "learners")  # brings the tables up to date before many read them
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(getattr(self, part)) for part in parts]
            try:
                for job in jobs:
                    job.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)  # one failure is enough to read
                raise

    def require_checkout(self) -> None:
        """Refuse a Python whose phbkit is not that of the checkout."""
        found = subprocess.run(
            [sys.executable, "-c", "import phbkit; print(phbkit.__file__)"],
            cwd=self.out,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        if Path(found).resolve().parent.parent != self.checkout:
            raise SystemExit(f"{sys.executable} has {found}, not that of {self.checkout}.")

    def fill_database(self) -> None:
        """Make the records: tables of revision 0003, and what is in them."""
        connection = sqlite3.connect(self.out / "data" / "records.sqlite")
        for name in ("0003_tables.sql", "0003.sql"):
            file = HERE / "records" / "released" / name
            connection.executescript(file.read_text(encoding="utf-8"))
        connection.close()

    def answered(self) -> None:
        """Play the answer files in the three ways there are."""
        workbook = self.workbooks / f"{PLAYED}.ipynb"
        for name in ("strong", "weak", "empty"):
            answers = HERE / "answers" / f"{name}.json"
            self.papermill(PLAYED, f"{name}.papermill.ipynb", "-p", "answers", answers)
            engine = ("--engine", "phb", "-p", "answers", answers)
            self.papermill(PLAYED, f"{name}.engine.ipynb", *engine)
            out = self.out / "notebooks" / f"{name}.phb.ipynb"
            self.phb(f"run {name}", "run", workbook, "--out", out, "--answers", answers)
            for way in ("papermill", "engine", "phb"):
                file = self.out / "notebooks" / f"{name}.{way}.ipynb"
                self.phb(f"result {name}.{way}", "result", file)

    def unanswered(self) -> None:
        """Play every workbook without answers."""
        for workbook in sorted(self.workbooks.glob("*.ipynb")):
            self.papermill(workbook.stem, f"{workbook.stem}.papermill.ipynb")
            out = self.out / "notebooks" / f"{workbook.stem}.phb.ipynb"
            self.phb(f"run {workbook.stem}", "run", workbook, "--out", out)
            fails = workbook.stem in NO_RESULT
            self.phb(f"result {workbook.stem}", "result", out, fails=fails)

    def parametrised(self) -> None:
        """Play workbooks with what their other parameters take."""
        weak = HERE / "answers" / "weak.json"
        case = ("-p", "case", "chronic-pain-massage", "-p", "answers", weak)
        self.papermill("any_case", "any_case.weak.ipynb", *case)
        share = ("-y", "scenario: {running.share: 25, bands.draws: 500}")
        for engine in ((), ("--engine", "phb")):
            out = f"money.share.{'engine' if engine else 'papermill'}.ipynb"
            self.papermill("getting_the_sums_right", out, *engine, *share)
        area = ("-p", "area", self.casebank / "cases" / "getting-the-sums-right" / "area.csv")
        self.papermill("getting_the_sums_right", "money.area.ipynb", *area)

    def simulated(self, name: str) -> Path:
        """Make the cohort up."""
        cohort = self.out / f"{name}.jsonl"
        cases = [word for case in COHORT for word in ("--case", case)]
        people = ("--learners", LEARNERS, "--seed", 7)
        self.phb(f"simulate {name}", "simulate", "--out", cohort, *people, *cases)
        return cohort

    def run_words(self, cohort: Path, run: Path) -> list[str]:
        """Say the command that runs the cohort."""
        files = [self.workbooks / f"{name}.ipynb" for name in COHORT_WORKBOOKS]
        return list(map(str, ["run", *files, "--answers", cohort, "--out", run, *PATIENTLY]))

    def cohort(self) -> None:
        """Run the cohort, report on it, have its texts marked, and score it again."""
        run, table = self.out / "run", self.out / "simulated.csv"
        self.phb("run cohort", *self.run_words(self.simulated("simulated"), run))
        self.phb("simulate csv", "simulate", "--out", table, "--learners", 12, "--seed", 3)
        self.phb("run goes on", *self.run_words(self.out / "simulated.jsonl", run))
        key = {"format": "phbkit-marking/1", "secret": SECRET, "texts": {}}
        (run / "marking_key.json").write_text(json.dumps(key))
        standards = self.standards(run)
        self.phb("report", "report", run, "--standards", standards)
        self.keep(run, "report", "report.* decisions.csv standard.json for_marking.csv")
        marks = [word for file in self.marks(run) for word in ("--marks", file)]
        (run / "for_marking.csv").unlink()
        self.phb("report marked", "report", run, "--standards", standards, *marks)
        self.keep(run, "marked", "report.html report.ipynb marked_texts.csv marking_key.json")
        bank = self.another_bank()
        self.phb("remark", "remark", run, "--casebank", bank, "--cut", 60)
        self.phb("remark by standard", "remark", run, "--casebank", bank)
        shutil.rmtree(bank)

    def keep(self, run: Path, name: str, patterns: str) -> None:
        """Copy files of a run before the next command writes them anew."""
        (self.out / name).mkdir()
        for pattern in patterns.split():
            for file in run.glob(pattern):
                shutil.copy(file, self.out / name)

    def standards(self, run: Path) -> Path:
        """Write what judges said: each method once, on every item and learner of the run."""
        import pandas as pd

        marks = pd.read_parquet(run / "marks.parquet")
        keyed = marks[marks["key"] == "key"]
        items = sorted(set(keyed["case"] + "/" + keyed["question"]))
        learners = sorted(set(marks["learner"]))
        judges = {
            f"judge-{judge}": {
                item: round(0.4 + (place * 7 + judge * 3) % 10 / 20, 2)
                for place, item in enumerate(items)
            }
            for judge in range(1, 5)
        }
        ratings = {learner: float(1 + place % 5) for place, learner in enumerate(learners)}
        limits = {"judge-1": [40, 70, 0, 50], "judge-2": [45, 65, 5, 60]}
        said = {
            "use": "fixed",
            "angoff": judges,
            "borderline": {"borderline": 2, "ratings": ratings},
            "fixed": {"cut": 55, "why": "Agreed by the board in May."},
            "hofstee": limits,
        }
        others = {"clinicians": {"fixed": {"cut": 60, "why": "To see what a panel would do."}}}
        file = self.out / "standards.json"
        file.write_text(
            json.dumps({"format": "phbkit-standards/1", "keys": {"key": said} | others})
        )
        return file

    def marks(self, run: Path) -> list[Path]:
        """Fill in the table of texts as two markers would who do not always agree."""
        with (run / "for_marking.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        files = []
        for marker in (1, 2):
            files.append(self.out / f"marker-{marker}.csv")
            with files[-1].open("w", encoding="utf-8", newline="") as lines:
                table = csv.DictWriter(lines, list(rows[0]))
                table.writeheader()
                for place, row in enumerate(rows):
                    asked = row["rubric"].count("(0 to")
                    given = {
                        f"mark_{part}": (place + part + (marker == 2 and place % 3 == 0)) % 2
                        for part in range(1, asked + 1)
                    }
                    table.writerow(row | given)
        return files

    def another_bank(self) -> Path:
        """Copy the case bank, with another key to one question."""
        bank = self.out / "another-casebank"
        shutil.copytree(self.casebank, bank)
        file = bank / "cases" / "chronic-pain-massage" / "questions.yaml"
        text = file.read_text(encoding="utf-8")
        changed = text.replace("key: [d]", "key: [a]", 1)
        assert changed != text, f"{file} has no such key any more"
        file.write_text(changed, encoding="utf-8")
        return bank

    def interrupted(self) -> None:
        """Stop a run by Ctrl-C when some of it is done, and go on."""
        run = self.out / "interrupted"
        words = self.run_words(self.simulated("interrupted"), run)
        process = subprocess.Popen(
            [sys.executable, "-m", "phbkit", *words],
            cwd=self.out,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        log = run / "outcomes.jsonl"
        while process.poll() is None:
            if log.exists() and log.read_bytes().count(b"\n") >= LEARNERS // 2:
                process.send_signal(signal.SIGINT)
                process.wait()
            threading.Event().wait(0.05)
        assert process.returncode, "the run was over before it could be stopped"
        self.phb("", *words)

    def sweep(self) -> None:
        """Run two scenarios of the area's money."""
        scenarios = self.out / "scenarios.csv"
        scenarios.write_text(SCENARIOS)
        workbook = self.workbooks / "getting_the_sums_right.ipynb"
        given = ("--parameters", scenarios, "--out", self.out / "sweep", *PATIENTLY)
        self.phb("sweep", "run", workbook, *given)

    def meetings(self) -> None:
        """List the meetings, and write the documents of each: finished, live, left open."""
        for line in self.phb("review list", "review", "list").splitlines():
            meeting = line.split()[2]
            out = self.out / "meetings" / meeting[:8]
            self.phb(f"review {meeting[:8]}", "review", "record", meeting, "--out", out)
        self.notebook_of_a_meeting()

    def notebook_of_a_meeting(self) -> None:
        """Show a meeting that was held in a notebook again, from its JSON document."""
        [record] = (self.out / "meetings").glob("*/*alcohol*record.json")
        for engine in ((), ("--engine", "phb")):
            out = f"meeting.{'engine' if engine else 'papermill'}.ipynb"
            self.papermill("mdt_case_review", out, *engine, "-p", "meeting", record)

    def exports(self) -> None:
        """Export everybody; run the answers that the database holds; back it up."""
        connection = sqlite3.connect(self.out / "data" / "records.sqlite")
        names = [row[0] for row in connection.execute("SELECT id FROM learner ORDER BY id")]
        connection.close()
        for name in [*names, "local"]:
            file = self.out / "exports" / f"{name}.json"
            self.phb(f"export {name}", "export", name, "--out", file)
        self.phb("learners spring", "learners", "--cohort", "spring")
        address = f"sqlite:///{self.out / 'data' / 'records.sqlite'}"
        workbooks = [self.workbooks / f"{name}.ipynb" for name in ("know_the_deal", PLAYED)]
        out = self.out / "from-database"
        words = ("run", *workbooks, "--answers", address, "--out", out, *PATIENTLY)
        self.phb("run database", *words)
        self.phb("", "backup", self.out / "data" / "backup.sqlite")

    def case_bank(self) -> None:
        """Check the case bank, and write its schemas and the notebook of each case."""
        self.phb("check", "check")
        self.phb("check construct", "check", "--construct")
        self.phb("check publishable", "check", "--publishable", fails=True)
        for name in SCHEMAS:
            self.phb(f"schema {name}", "schema", name)
        for case in sorted(folder.name for folder in (self.casebank / "cases").iterdir()):
            out = self.out / "notebooks" / f"{case}.made.ipynb"
            self.phb("", "notebook", case, "--out", out)

    def helps(self) -> None:
        """Ask every command what it takes."""
        self.phb("help", "--help")
        for name in COMMANDS:
            self.phb(f"help {name}", name, "--help")
        for name in ("serve", "list", "record"):
            self.phb(f"help review {name}", "review", name, "--help")


def make(out: Path, parts: Sequence[str]) -> None:
    """Make the folder `out` from the checkout in the current folder."""
    checkout, began = Path.cwd().resolve(), time.monotonic()
    if out.exists():
        raise SystemExit(f"{out} is there already. Name another folder, or delete it first.")
    strange = set(parts) - set(PARTS)
    if strange:
        raise SystemExit(f"No part is called {', '.join(strange)}. Known: {', '.join(PARTS)}.")
    Maker(checkout, out.resolve()).make(parts or PARTS)
    about = {
        "checkout": str(checkout),
        "out": str(out.resolve()),
        "tests": str(HERE),
        "python": sys.prefix,
        "parts": list(parts),
        "seconds": round(time.monotonic() - began, 1),
    }
    (out / "made.json").write_text(json.dumps(about, indent=1) + "\n")
    print(f"{out}: {about['seconds']} seconds")  # noqa: T201


PASSED_OVER = {"made.json", "run.lock", "data"}
CASE_VERSION = re.compile(r"(?<![-0-9a-f])[0-9a-f]{12}(?![-0-9a-f])")
NOTED_BY_PAPERMILL = ("start_time", "end_time", "duration", "input_path", "output_path", "version")


class Folder:
    """What `make` kept, as lines that can be compared."""

    def __init__(self, root: Path) -> None:
        self.root = root
        about = json.loads((root / "made.json").read_text())
        self.partial = bool(about.get("parts"))
        places = [(about[name], f"<{name}>") for name in ("out", "tests", "python", "checkout")]
        self._places = sorted(places, key=lambda place: -len(place[0]))

    def names(self) -> set[str]:
        """List the files that are compared."""
        files = (file.relative_to(self.root) for file in self.root.rglob("*") if file.is_file())
        return {str(file) for file in files if not PASSED_OVER & set(file.parts)}

    def lines(self, name: str) -> list[str]:
        """Read one file as lines, without what honestly differs."""
        file = self.root / name
        read = _READERS.get(file.suffix, _text_lines)
        text = "\n".join(read(file))
        for place, word in self._places:
            text = text.replace(place, word)
        text = re.sub(r'"phbkit": "[^"]*"', '"phbkit": "<version>"', text)
        text = CASE_VERSION.sub("<version>", text)
        lines = text.split("\n")
        return sorted(lines) if file.name == "outcomes.jsonl" else lines


def _text_lines(file: Path) -> list[str]:
    return file.read_bytes().decode("utf-8").split("\n")


def _notebook_lines(file: Path) -> list[str]:
    notebook = json.loads(file.read_text(encoding="utf-8"))
    _forget_times(notebook["metadata"])
    for cell in notebook["cells"]:
        _forget_times(cell["metadata"])
        if "injected-parameters" in cell["metadata"].get("tags", ()):
            cell["id"] = "<injected>"
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False).split("\n")


def _forget_times(metadata: dict[str, Any]) -> None:
    """Keep that papermill noted something, and not when and where; leave out the kernel's times."""
    noted = metadata.get("papermill", {})
    for name in NOTED_BY_PAPERMILL:
        if noted.get(name) is not None:
            noted[name] = "<noted>"
    metadata.pop("execution", None)


def _parquet_lines(file: Path) -> list[str]:
    import pandas as pd

    frame = pd.read_parquet(file)
    kinds = [f"{name}: {kind}" for name, kind in frame.dtypes.items()]
    return [*kinds, *frame.to_csv(index=False).split("\n")]


def _pdf_lines(file: Path) -> list[str]:
    from pypdf import PdfReader

    reader = PdfReader(file)
    title = reader.metadata.title if reader.metadata else None
    tagged = "/StructTreeRoot" in reader.trailer["/Root"]
    head = [f"title {title}", f"tagged {tagged}", f"pages {len(reader.pages)}"]
    return [*head, *(line for page in reader.pages for line in page.extract_text().split("\n"))]


def _word_lines(file: Path) -> list[str]:
    from docx import Document
    from docx.table import Table

    document = Document(str(file))
    lines = [f"title {document.core_properties.title}"]
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            lines += [" | ".join(cell.text for cell in row.cells) for row in block.rows]
        else:
            lines.append(f"{block.style.name if block.style else ''}: {block.text}")
    return "\n".join(lines).split("\n")


_READERS: dict[str, Callable[[Path], list[str]]] = {
    ".ipynb": _notebook_lines,
    ".parquet": _parquet_lines,
    ".pdf": _pdf_lines,
    ".docx": _word_lines,
}


def differences(before: Folder, after: Folder) -> Iterator[str]:
    """Describe every file that differs, by a short unified diff."""
    there, here = before.names(), after.names()
    for name in sorted(there | here):
        if name not in here:
            if not after.partial:
                yield f"{name}: is not made any more"
        elif name not in there:
            if not before.partial:
                yield f"{name}: was not made before"
        elif (before.root / name).read_bytes() != (after.root / name).read_bytes():
            diff = _diff(name, before.lines(name), after.lines(name))
            if diff:
                yield "\n".join(diff)


def _diff(name: str, before: Sequence[str], after: Sequence[str]) -> list[str]:
    if list(before) == list(after):
        return []
    labels = {"fromfile": f"before/{name}", "tofile": f"after/{name}"}
    broken = (list(_short_lines(before)), list(_short_lines(after)))
    lines = list(difflib.unified_diff(*broken, **labels, n=1, lineterm=""))
    more = len(lines) - LONGEST_DIFF
    end = [f"... and {more} more lines"] if more > 0 else []
    return [*lines[:LONGEST_DIFF], *end] or [f"{name}: differs in line breaks"]


def _short_lines(lines: Iterable[str]) -> Iterator[str]:
    """Break lines where their HTML begins an element or a line, so that a diff of them is short."""
    for line in lines:
        for part in re.split(r"(?<=\\n)|(?<=>)(?=<)", line):
            yield from (part[start : start + WIDEST] for start in range(0, len(part) or 1, WIDEST))


def compare(before: Path, after: Path) -> int:
    """Print every difference between two folders, and return the exit code."""
    old, new = Folder(before), Folder(after)
    count = 0
    for diff in differences(old, new):
        count += 1
        print(diff)  # noqa: T201
    files = len(old.names() & new.names())
    print(f"{files} files in both, {count or 'no'} difference{'s' if count > 1 else ''}.")  # noqa: T201
    return 1 if count else 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="use the checkout in this folder, keep what comes")
    making.add_argument("out", type=Path)
    making.add_argument("part", nargs="*", help=f"all where left out: {', '.join(PARTS)}")
    comparing = commands.add_parser("compare", help="compare two folders; exit 1 if they differ")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    given = parser.parse_args()
    if given.command == "make":
        make(given.out, given.part)
        return 0
    return compare(given.before, given.after)


if __name__ == "__main__":
    sys.exit(main())
