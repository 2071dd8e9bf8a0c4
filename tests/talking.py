"""A short conversation, put into a copy of the case bank."""

from __future__ import annotations

from pathlib import Path

CASE = "know-the-deal"
BEGINS = "begins: judge"
TALK = """\
talks:
  - id: talk
    title: Three minutes with somebody
    voice: holder
    minutes: 3
    opening: I'll not take long.
    begins: {listening: 3, choosing: 3, clarity: 4}
    heard:
      - {id: laughed-at, kind: worry, words: I've been laughed at., missed: What happened before}
      - {id: early, kind: outcome, words: Up by eight., missed: What a good week is}
      - {id: tablets, kind: worry, words: They'll take my tablets., missed: What is feared most}
    turns:
      start:
        - {id: who-laughed, say: Who laughed?, reply: The desk., hears: [laughed-at], to: open,
           rates: {listening: 3}, because: Asked who laughed.}
        - {id: good-week, say: What is a good week?, reply: Up by eight., hears: [early], to: open,
           rates: {listening: 3, choosing: 3}, because: Asked what a good week is.}
        - {id: evidence, say: The evidence isn't strong., reply: No., to: shut,
           rates: {listening: -3, choosing: -3, clarity: -4}, because: Began with the trials.}
      open:
        - {id: week, say: And a good week?, reply: Up by eight., hears: [early], unless: [early],
           rates: {choosing: 3}, because: Asked.}
        - {id: worries, say: What worries you?, reply: The tablets., hears: [tablets],
           rates: {listening: 3, choosing: 3}, because: Asked what worried me.}
        - {id: promise, say: I can't promise money., reply: Good., rates: {clarity: 3},
           because: Said what could not be promised.}
        - {id: who-decides, say: Three have to agree., reply: Right., rates: {clarity: 3},
           because: Said who decides.}
      shut:
        - {id: sorry, say: That came out wrong. Who laughed?, reply: The desk., hears: [laughed-at],
           to: open}
        - {id: more-trials, say: There is a summary., reply: I bet there is.,
           rates: {listening: -2, choosing: -2, clarity: -2}, because: A printout.}
        - {id: scan, say: Have you had a scan?, reply: Two., minutes: 2}
        - {id: wait, say: (You wait.), reply: Well., to: open}
    closing: {id: bye, say: Let's stop there., reply: Right you are.}
    out_of_time: That's my bus.
    unheard:
      - {id: tablets, rates: {listening: -2, choosing: -1, clarity: -1}, because: Never got to it.}
    thoughts:
      - {needs: [tablets], words: I was asked what I was feared of.}
      - {unless: [tablets], words: I never got to the tablets.}
      - {words: It was all right.}
"""


def add_talk(casebank: Path, talk: str = TALK) -> Path:
    """Put the conversation into its case in a copy of the case bank, and return the copy."""
    folder = casebank / "cases" / CASE
    (folder / "talk.yaml").write_text(talk, encoding="utf-8")
    file = folder / "case.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("steps: [judge", "steps: [talk, judge").replace(
            BEGINS, BEGINS.replace("judge", "talk")
        ),
        encoding="utf-8",
    )
    return casebank
