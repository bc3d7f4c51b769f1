"""Bulk downloads of learning platforms: whose file is whose, by how each platform names them.

Moodle      First Last_1234_assignsubmission_file_/lab.ipynb, or without the folder's slash
Canvas      lastfirst_LATE_1234_5678_lab.ipynb
Brightspace 12-34 - First Last - Nov 2, 2025 905 PM/lab.ipynb, or with " - " before the file
Gradescope  assignment_1_export/submission_2/lab.ipynb, beside submission_metadata.yml
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from autograder.pages.marks import Person
from autograder.pages.matching import letters

METADATA = "submission_metadata.yml"
"""Gradescope's list of who handed in what."""

MOODLE = re.compile(
    r"(?P<name>[^/]+?)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?"
    r"(?P<between>/|(?<=_))(?P<file>.+)"
)
CANVAS = re.compile(
    r"(?P<name>[^/_]+)_(?:(?P<late>LATE)_)?(?P<number>\d+)_(?P<submission>\d+)_(?P<file>[^/]+)"
)
BRIGHTSPACE = re.compile(
    r"(?P<number>\d+-\d+) - (?P<name>[^/]+?) ?- "
    r"(?P<when>[A-Z][a-z]{2,8} \d{1,2}, \d{4} \d{1,2}:?\d{2} [AP]M)(?:/| - )(?P<file>.+)"
)
GRADESCOPE = re.compile(r"(?P<submission>submission_\d+)/(?P<file>.+)")
WHEN = ("%b %d, %Y %I%M %p", "%B %d, %Y %I%M %p")
NOT_FILES = {"onlinetext": "it is text that was typed into Moodle"}
PAGES = re.compile(r"index\.html?|.*_(?:text|comment)\.html", re.IGNORECASE)
"""Pages that the platforms add, or make of what was typed into them."""


@dataclass(frozen=True)
class Sender:
    """Who handed in, as a platform knows them.  number: by which it counts people."""

    platform: str
    name: str
    number: str = ""
    email: str = ""
    login: str = ""


@dataclass(frozen=True)
class HandIn:
    """What one sender has handed in: its files, each (name of its own, name in the download).

    when: where the download tells it; without a zone it is the time where the platform is read.
    """

    sender: Sender
    files: tuple[tuple[str, str], ...]
    late: bool = False
    when: datetime.datetime | None = None


@dataclass(frozen=True)
class Download:
    """What is in a bulk download; left_out: names with why."""

    platform: str
    hand_ins: tuple[HandIn, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Piece:
    sender: Sender
    file: str
    member: str
    late: bool = False
    when: datetime.datetime | None = None


_Found = tuple[list[_Piece], dict[str, str]]


def read_download(names: Sequence[str], text: Callable[[str], str]) -> Download | None:
    """The hand-ins in a download with these files; None where no platform names them so.

    text: the text of one of them.
    """
    shorter = _without_common_folder(names)
    metadata = next((name for name, short in shorter.items() if short == METADATA), None)
    found: tuple[str, _Found]
    if metadata is not None:
        found = "Gradescope", _gradescope(shorter, text(metadata))
    else:
        ways = {"Moodle": _moodle, "Brightspace": _brightspace, "Canvas": _canvas}
        every = [(platform, way(shorter)) for platform, way in ways.items()]
        found = max(every, key=lambda one: len(one[1][0]))
    platform, (pieces, left_out) = found
    if not pieces:
        return None
    return Download(platform, tuple(_by_sender(pieces)), left_out)


def _without_common_folder(names: Sequence[str]) -> dict[str, str]:
    """The names without a folder in which all of them lie, as where somebody packed it again."""
    first = {name.partition("/")[0] for name in names}
    one = len(first) == 1 and all("/" in name for name in names)
    alone = one and not any(
        pattern.fullmatch(name) for name in names for pattern in (MOODLE, BRIGHTSPACE)
    )
    return {name: name.partition("/")[2] if alone else name for name in names}


def _by_sender(pieces: Iterable[_Piece]) -> Iterator[HandIn]:
    """Of each sender what was handed in last, where the platform tells several apart."""
    of: dict[Sender, list[_Piece]] = {}
    for piece in pieces:
        of.setdefault(piece.sender, []).append(piece)
    for sender, every in of.items():
        latest = max((piece.when for piece in every if piece.when), default=None)
        last = [piece for piece in every if piece.when == latest]
        files = tuple((piece.file, piece.member) for piece in last)
        yield HandIn(sender, files, any(piece.late for piece in last), latest)


# -- the platforms -------------------------------------------------------------------------------


def _moodle(names: Mapping[str, str]) -> _Found:
    pieces, left_out = list[_Piece](), dict[str, str]()
    for member, name in names.items():
        found = MOODLE.fullmatch(name)
        if found is None:
            left_out[member] = "its name is not as Moodle makes them"
        elif found["kind"] in NOT_FILES:
            left_out[member] = NOT_FILES[found["kind"]]
        else:
            sender = Sender("Moodle", found["name"].strip(), found["number"])
            pieces.append(_Piece(sender, found["file"], member))
    return pieces, left_out


def _canvas(names: Mapping[str, str]) -> _Found:
    pieces, left_out = list[_Piece](), dict[str, str]()
    for member, name in names.items():
        found = CANVAS.fullmatch(name)
        if found is None or PAGES.fullmatch(name):
            left_out[member] = _why(name, "Canvas")
        else:
            sender = Sender("Canvas", found["name"], found["number"])
            pieces.append(_Piece(sender, found["file"], member, bool(found["late"])))
    return pieces, left_out


def _brightspace(names: Mapping[str, str]) -> _Found:
    pieces, left_out = list[_Piece](), dict[str, str]()
    for member, name in names.items():
        found = BRIGHTSPACE.fullmatch(name)
        if found is None:
            left_out[member] = _why(name, "Brightspace")
        else:
            number = found["number"].partition("-")[0]
            sender = Sender("Brightspace", found["name"].strip(), number)
            pieces.append(_Piece(sender, found["file"], member, when=_time(found["when"])))
    return pieces, left_out


def _gradescope(names: Mapping[str, str], metadata: str) -> _Found:
    """Gradescope numbers submissions; who sent them stands in its list."""
    try:
        data = yaml.load(metadata, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        data = None
    listed: Mapping[str, Any] = data if isinstance(data, dict) else {}
    pieces, left_out = list[_Piece](), dict[str, str]()
    for member, name in names.items():
        found = GRADESCOPE.fullmatch(name)
        if name == METADATA:
            continue
        about = listed.get(found["submission"]) if found else None
        senders = list(_submitters(about))
        if found is None or not senders:
            left_out[member] = f"nobody in {METADATA} has sent it"
            continue
        stamp = about.get(":created_at") if isinstance(about, dict) else None
        when = stamp if isinstance(stamp, datetime.datetime) else None
        pieces += [_Piece(sender, found["file"], member, when=when) for sender in senders]
    return pieces, left_out


def _submitters(about: Any) -> Iterator[Sender]:
    """Those who sent a submission together; Ruby's symbols are texts with a colon."""
    every = about.get(":submitters") if isinstance(about, dict) else None
    for one in every if isinstance(every, list) else ():
        if isinstance(one, dict) and (one.get(":name") or one.get(":email")):
            name, sid, email = (str(one.get(key) or "") for key in (":name", ":sid", ":email"))
            yield Sender("Gradescope", name or email, sid, email)


def _why(name: str, platform: str) -> str:
    if PAGES.fullmatch(name.rpartition("/")[2]):
        return f"it is a page that {platform} makes"
    return f"its name is not as {platform} makes them"


def _time(text: str) -> datetime.datetime | None:
    """Brightspace's time, as in "Nov 2, 2025 905 PM"."""
    day, _, rest = text.replace(":", "").rpartition(", ")
    year, clock, half = rest.split(" ")
    for form in WHEN:
        try:
            return datetime.datetime.strptime(f"{day}, {year} {clock:0>4} {half}", form)
        except ValueError:
            continue
    return None


# -- who they are --------------------------------------------------------------------------------


def students_of(senders: Sequence[Sender], known: Iterable[Person]) -> dict[Sender, str]:
    """The student that each sender is: one of the gradebook's, else a name made of theirs.

    By number, e-mail or full name, where only one student has it; two senders are never one.
    """
    everybody = list(known)
    ways = [_ids(one) for one in everybody]
    counts = Counter(way for each in ways for way in each)
    by_way = {
        way: one.name
        for one, each in zip(everybody, ways, strict=True)
        for way in each
        if counts[way] == 1
    }
    found: dict[Sender, str] = {}
    for sender in senders:
        student = next((by_way[way] for way in _ways_of(sender) if way in by_way), "")
        if student and student not in found.values():
            found[sender] = student
    taken = {*found.values(), *(one.name for one in everybody)}
    made = {sender: _made(sender) for sender in senders if sender not in found}
    twice = {name for name, count in Counter(made.values()).items() if count > 1}
    for sender, name in made.items():
        ambiguous = name in twice or name in taken
        found[sender] = f"{name}_{sender.number}" if ambiguous and sender.number else name
        if found[sender] in taken:
            number = next(n for n in range(2, 10**6) if f"{name}_{n}" not in taken)
            found[sender] = f"{name}_{number}"
        taken.add(found[sender])
    return found


def _ids(one: Person) -> set[tuple[str, str]]:
    whole, turned = f"{one.first_name} {one.last_name}", f"{one.last_name}{one.first_name}"
    ways = {("id", one.lms_id), ("mail", one.email.casefold()), ("name", letters(whole))}
    ways |= {("turned", letters(turned)), ("id", one.name)}
    return {(kind, text) for kind, text in ways if text}


def _ways_of(sender: Sender) -> Iterator[tuple[str, str]]:
    """What may tell who it is, the surest first."""
    yield "id", sender.number
    yield "mail", sender.email.casefold()
    name = letters(sender.name)
    yield ("turned" if sender.platform == "Canvas" else "name"), name


def _made(sender: Sender) -> str:
    """A folder's name of a person's; never empty, never hidden, never a way out."""
    words = re.findall(r"[^\W_]+(?:[-.'’][^\W_]+)*", sender.name)
    return "_".join(words)[:80] or f"{sender.platform.lower()}_{sender.number or 'nobody'}"
