"""Records are packed without loss, and read whether they are packed or not."""

import json
import math

import numpy as np
import pytest

from autograder.labcheck.packing import packed, unpacked
from autograder.labcheck.tree import Array, encode
from autograder.spec.collection import course, labs


def node(values, kind="numpy"):
    return encode(Array(np.array(values), kind, str(np.array(values).dtype)))


HALVES = [0.5 * n + 1 / 1024 for n in range(-8, 8)]
THIRDS = [n / 3 for n in range(16)]
RECORDS = {
    "nothing": {},
    "plain": {"schema": 1, "lab": "x", "exercises": [], "text": "a"},
    "once": {"exercises": [{"due": node(THIRDS)}]},
    "twice": {"exercises": [{"due": node(THIRDS)}, {"due": node(THIRDS), "also": [node(HALVES)]}]},
    "within": {"exercises": [{"d": [["h", node(THIRDS)]]}, {"d": [["h", node(THIRDS)]]}]},
    "exact in float32": {"exercises": [{"due": node(HALVES)}]},
    "infinite": {"exercises": [{"due": node([math.inf, -math.inf, *HALVES])}]},
    "whole numbers": {"exercises": [{"due": node(list(range(40)))}] * 2},
    "too large": {"exercises": [{"due": node([1e300] * 8)}]},
}


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_packed_is_unpacked_as_it_was(name):
    record = RECORDS[name]
    assert unpacked(json.loads(json.dumps(packed(record)))) == record
    assert unpacked(record) == record


def test_numbers_that_are_no_numbers_come_back():
    back = unpacked(packed({"due": node([math.nan, *HALVES])}))
    assert math.isnan(back["due"]["a"]["values"][0])
    assert back["due"]["a"]["values"][1:] == HALVES


def test_minus_zero_keeps_its_sign():
    back = unpacked(packed({"due": node([-0.0, *HALVES])}))
    assert math.copysign(1.0, back["due"]["a"]["values"][0]) == -1.0


def test_what_stands_in_a_record_twice_is_written_once():
    text = json.dumps(packed(RECORDS["within"]))
    assert text.count(json.dumps(THIRDS[1])) == 1


@pytest.mark.parametrize("lab", labs())
def test_no_record_of_this_course_is_over_a_megabyte(lab):
    assert (course() / "release" / lab / "visible.json").stat().st_size < 2**20
