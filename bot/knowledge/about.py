"""What a finding is about: the heading it is listed under, and what to do about all of its kind."""

from enum import Enum


class About(Enum):
    """In the order of a curator's care: what a resident is told wrongly first, what reads badly last."""

    UNTRACED = "values that facts.yaml does not list: give each its source there, or take it out"
    DIFFERENT = "translations with other values than their original: make them say the same"
    OVERDUE = "entries due for review: compare with the source, then set `checked_on`"
    OLD = "translations older than their original: compare, then write the new `translates`"
    LANGUAGE = "entries without one of the department's languages"
    FORM = "entries without an owner, a date or a source"
    LINK = "links that do not start with https://"
    RELATED = "related entries that are not there"
    SWALLOWED = "wordings that are sent to 911"
    CRISIS = "answers that people in distress ask for: write `crisis: true`"
    COLLISION = "asks that find another entry first"
    TWICE = "asks that stand word for word in two entries"
    QUESTION = "questions that do not find their entry, and known misses that do"
    TOPIC = "words of advisory topics that mean something else as well, and languages they lack"
    LABEL = "titles that look alike once a channel cuts them"
    FEW = "entries with few asks or questions"
    LONG = "answers that are hard to read"
    UNUSED = "facts that nothing uses: take them out"
    FILE = "files"
