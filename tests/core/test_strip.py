"""A picture of what is wrong: it says what the text says, and is read without colours."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from autograder.judge import hidden
from autograder.judge.feedback import report_on
from autograder.judge.judgement import Judgement
from autograder.judge.report import LabReport
from autograder.labcheck.compare import EXACT, Mismatch, compare
from autograder.labcheck.explain import first_wrong
from autograder.labcheck.html import COLOURS, WRONG, as_html
from autograder.labcheck.message import Message
from autograder.labcheck.own import Own
from autograder.labcheck.strip import MOST_BLOCKS, Strip, strip_of, svg
from autograder.labcheck.tree import Array
from autograder.labcheck.verdict import Observed, Question, Trial, judged
from autograder.pages.card import card
from autograder.pages.harmless import harmless_html
from autograder.spec import Exercise

WHITE, BLACK = (255, 255, 255), (17, 17, 17)
"""JupyterLab's backgrounds, light and dark."""


def trial(wrong: Sequence[tuple[int, ...]], shape: tuple[int, ...], letters: str) -> Trial:
    due, have = np.zeros(shape), np.zeros(shape)
    for place in wrong:
        have[place] = 1.0
    shapes = {"return": letters}
    question = Question("values", {}, True, "result", "", EXACT, shapes)
    return judged(question, Observed("result", Array(due)), Observed("result", Array(have)))


def rows(strip: Strip | None) -> list[str]:
    assert strip is not None
    return ["".join(".x"[not right] for right in row) for row in strip.rows]


def test_a_cell_is_crossed_where_some_sample_is_wrong() -> None:
    strip = strip_of(trial([(0, 1, 0), (1, 3, 2)], (2, 4, 3), "B T H"))
    assert rows(strip) == [".x..", "....", "...x"]
    strip = strip_of(trial([(1, 0, 0), (3, 1, 2)], (4, 2, 3), "T B H"))
    assert rows(strip) == [".x..", "....", "...x"]
    strip = strip_of(trial([(0, 2, 3)], (2, 3, 4), "B H T"))
    assert rows(strip) == ["....", "....", "...x"]
    assert rows(strip_of(trial([(0, 2)], (2, 4), "B T"))) == ["..x."]
    assert rows(strip_of(trial([(2,)], (4,), "T"))) == ["..x."]


def test_without_a_time_axis_there_is_no_picture() -> None:
    assert strip_of(trial([(0, 1)], (2, 4), "B H")) is None
    assert strip_of(trial([(0, 0, 1)], (2, 1, 4), "B T H")) is None
    assert strip_of(trial([], (2, 3, 4), "B T H")) is None
    shape = Mismatch("shape", (), "(1,)", "(2,)")
    question = Question("values", {}, True, "result", "", EXACT, {})
    nothing = Observed("result", None)
    assert strip_of(Trial(question, nothing, nothing, shape, passed=False)) is None
    assert Strip.of_steps((), 5) is None


def test_what_is_not_finite_is_crossed_as_the_text_counts_it() -> None:
    one = trial([(0, 1, 0), (1, 3, 2)], (2, 4, 3), "B T H")
    have = one.got.tree.values.copy()
    have[1, 3, 2] = np.nan
    found = judged(one.question, one.due, Observed("result", Array(have)))
    assert rows(strip_of(found)) == ["....", "....", "...x"]


def test_many_steps_and_units_share_cells() -> None:
    strip = strip_of(trial([(0, 99, 49)], (1, 100, 50), "B T H"))
    told = rows(strip)
    assert (len(told), len(told[0])) == (12, 40)
    assert [row.find("x") for row in told if "x" in row] == [39]
    assert strip is not None
    assert "the first of them at steps 97 to 99" in strip.in_words()


def test_the_picture_is_well_formed_and_says_in_words_what_it_shows() -> None:
    strip = strip_of(trial([(0, 1, 0), (0, 2, 0)], (2, 4, 3), "B T H"))
    assert strip is not None
    root = ET.fromstring(svg(strip))
    words = strip.in_words()
    assert root.get("role") == "img"
    assert root.get("aria-label") == words == root[0].text
    assert words == (
        "Time steps 0 to 3 from left to right, hidden 0 to 2 from top to bottom. 2 of 12 cells "
        "are crossed, the first of them at step 1. A crossed cell is not right in some sample, an "
        "empty one is right."
    )
    crosses = root[3].get("d")
    assert crosses is not None
    assert crosses.count("M") == 2


def test_it_takes_the_colour_of_the_text_around_it() -> None:
    strip = strip_of(trial([(0, 1, 0)], (2, 4, 3), "B T H"))
    assert strip is not None
    for value in re.findall(r'(?:fill|stroke)="([^"]+)"', svg(strip)):
        assert value in ("currentColor", "none")


# -- colours of the card -------------------------------------------------------------------------


def luminance(rgb: tuple[int, ...]) -> float:
    parts = [one / 255 for one in rgb]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [*COLOURS.values(), WRONG])
@pytest.mark.parametrize("ground", [WHITE, BLACK])
def test_the_bar_is_seen_in_both_themes(colour: str, ground: tuple[int, ...]) -> None:
    rgb = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
    assert contrast(rgb, ground) >= 3  # of what is no text; every text has the page's own colour


def test_every_text_of_a_card_has_the_colour_of_its_page() -> None:
    strip = strip_of(trial([(0, 1, 0)], (2, 4, 3), "B T H"))
    for outcome in ("right", "wrong", "partly", "unfinished", "crash"):
        text = as_html(Message("f", outcome, 0, 1, (), strip), "1 of 2 right")
        styles = ";".join(re.findall(r'style="([^"]*)"', text))
        assert not re.search(r"(?:^|;)\s*(?:color|opacity|background(?!:none))\s*:", styles)


# -- the feedback page ---------------------------------------------------------------------------

EXERCISE = Exercise(reference=print, inputs=dict, points=1)


def fed_back(steps: tuple[int, ...], count: int = 6) -> Judgement:
    wrong = [(0, step, 0) for step in steps]
    return Judgement(EXERCISE, (trial(wrong, (2, count, 3), "B T H"),), "wrong", 0.0)


def test_a_feedback_page_shows_only_what_its_text_says() -> None:
    """The same text, the same picture: it tells no bit more of a hidden case."""
    seen: dict[str, object] = {}
    for count in (2, 5, 6):
        for many in range(1, count + 1):
            for steps in combinations(range(count), many):
                report = report_on(fed_back(steps, count))
                text = re.sub(r"\d+ of \d+ numbers", "", report.feedback) + str(count)
                assert seen.setdefault(text, report.steps) == report.steps
                mismatch = hidden.bounded(fed_back(steps, count).trials[0], Own()).mismatch
                assert mismatch is not None
                assert ("time step" in first_wrong(mismatch, (), False)) == (
                    report.steps is not None
                )
    assert len(seen) > 20


def test_the_steps_of_a_report_are_kept_and_drawn_for_students() -> None:
    exercise = report_on(fed_back((2, 3, 4, 5)))
    assert exercise.steps == (6, (2, 3, 4, 5))
    assert "<svg" in card(exercise)
    table = harmless_html(card(exercise, graders=True))  # as nbgrader's pages show it
    assert "<svg" not in table
    cells = re.findall(r"<td style=\"[^\"]*border[^\"]*\">(×?)</td>", table)
    assert cells == ["", "", "×", "×", "×", "×"]
    assert "time steps 0 to 5 from left to right" in table
    assert 'aria-label="Time steps 0 to 5' in table
    lab = LabReport("l", "s", "cpu", (), 0.0, (exercise,))
    assert LabReport.from_json(lab.to_json()).exercises == (exercise,)
    scattered = report_on(fed_back((0, 2, 4, 5)))
    assert scattered.steps is None
    assert "<svg" not in card(scattered)
    assert (
        "steps" not in LabReport("l", "s", "cpu", (), 0.0, (scattered,)).to_json()["exercises"][0]
    )


def test_a_feedback_page_has_few_cells() -> None:
    strip = Strip.of_steps(range(100, 300), 300)
    assert strip is not None
    assert rows(strip) == ["....xxxxxxxx"]
    assert len(strip.rows[0]) == MOST_BLOCKS


def test_of_arguments_that_were_changed_no_steps_are_told() -> None:
    assert compare(Array(np.zeros(2)), Array(np.zeros(2))) is None
    array = Array(np.zeros((2, 4, 3)))
    question = Question(
        "kept", {"x": array}, False, "arguments", "", EXACT, {"x": "B T I"}, like="values"
    )
    changed = Observed("result", {"x": Array(np.ones((2, 4, 3)))})
    found = judged(question, Observed("result", {"x": array}), changed)
    assert not found.passed
    assert strip_of(found) is None
    assert report_on(Judgement(EXERCISE, (found,), "wrong", 0.0)).steps is None
