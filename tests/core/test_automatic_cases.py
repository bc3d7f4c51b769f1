"""The cases that exercises get by themselves: sizes, magnitudes, long sequences, arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from core_kit import RIGHT, grade, of, outcomes, program

from autograder.judge.calls import request_of
from autograder.judge.grader import Grader
from autograder.labcheck.tree import Array
from autograder.spec import Case, Exercise, Lab
from autograder.spec.cases import cases_of

LAB = Lab(title="a lab", arrays="numpy", axes={"K": "horizon"})


def shapes(exercise: Exercise) -> dict[str, tuple[int, ...]]:
    """The shape of x on each case of an exercise."""
    rng = np.random.default_rng(0)
    return {case.name: case.inputs(rng)["x"].shape for case in cases_of(exercise, LAB)}


def total(x: np.ndarray) -> np.ndarray:
    return x.sum(0)


def made(axes: Mapping[str, int], **more: Any) -> Exercise:
    def inputs(rng: np.random.Generator, **sizes: int) -> Mapping[str, Any]:
        return {"x": rng.standard_normal(tuple(sizes.values()))}

    return Exercise(reference=total, inputs=inputs, points=1, axes=axes, **more)


def test_every_axis_is_one_once_long_once_and_equal_to_the_others_once() -> None:
    found = shapes(made({"B": 3, "T": 5, "K": 4}))
    assert found["one sample"] == (1, 5, 4)
    assert found["one step"] == (3, 1, 4)
    assert found["horizon of size 1"] == (2, 3, 1)
    assert found["a long sequence"] == (2, 40, 4)
    assert found["all sizes equal"] == (3, 3, 3)


def test_a_single_axis_is_equal_to_nothing_and_without_time_nothing_is_long() -> None:
    names = shapes(made({"B": 3}))
    assert "all sizes equal" not in names
    assert "a long sequence" not in names


def test_what_makes_no_sense_is_left_out_by_name() -> None:
    left_out = made({"B": 3, "T": 5}, without=frozenset({"all sizes equal", "large numbers"}))
    assert not {"all sizes equal", "large numbers"} & set(shapes(left_out))


def drawn(arguments: Mapping[str, Any], name: str, axes: str = "BT") -> dict[str, Any]:
    """The arguments of one case of an exercise whose inputs are these, and of its plain call."""
    exercise = Exercise(
        reference=total,
        inputs=lambda rng, **sizes: arguments,
        points=1,
        axes=dict.fromkeys(axes, 2),
    )
    by_name = {case.name: case for case in cases_of(exercise, LAB)}
    assert name in by_name, sorted(by_name)
    return dict(by_name[name].inputs(np.random.default_rng(0)))


ONES = np.ones(2)


def test_large_and_tiny_are_data_and_what_follows_from_nothing_else() -> None:
    given = {
        "x": ONES,
        "W_xh": ONES,
        "h0": ONES,
        "c0": ONES,
        "lr": 0.1,
        "lengths": np.ones(2, int),
    }
    large = drawn(given, "large numbers")
    assert large["x"].tolist() == large["c0"].tolist() == [30, 30]
    assert large["W_xh"].tolist() == large["h0"].tolist() == large["lengths"].tolist() == [1, 1]
    assert drawn(given, "tiny numbers")["x"].tolist() == [1e-6, 1e-6]


def test_where_gradients_come_in_only_these_are_scaled() -> None:
    given = {"dh": ONES, "x": ONES, "h": ONES}
    large = drawn(given, "large incoming gradients")
    assert large["dh"].tolist() == [1000, 1000]
    assert large["x"].tolist() == large["h"].tolist() == [1, 1]


def test_arrays_inside_of_lists_and_dicts_are_scaled_too() -> None:
    large = drawn({"grads": {"W": ONES, "none": None, "more": [ONES, 3]}}, "large numbers")
    assert large["grads"]["W"].tolist() == large["grads"]["more"][0].tolist() == [30, 30]
    assert large["grads"]["none"] is None
    assert large["grads"]["more"][1] == 3


def test_only_data_come_as_integers() -> None:
    case = Case(
        name="integer inputs",
        dtype="int64",
        inputs=lambda rng: {"x": ONES, "W": ONES, "h0": ONES, "dh": ONES, "b": [ONES]},
    )
    asked = request_of(made({"B": 2}), case, "numpy", np.random.default_rng(0), None)

    def dtype(value: Any) -> str:
        assert isinstance(value, Array)
        return value.dtype

    arguments = asked.question.arguments
    assert dtype(arguments["x"]) == dtype(arguments["b"][0]) == "int64"
    assert dtype(arguments["W"]) == dtype(arguments["h0"]) == dtype(arguments["dh"]) == "float64"


BACKWARD = RIGHT["rnn_backward"]
LOOP = "dh[:, t] + dh_next"


def failing(grader: Grader, **programs: str) -> set[str]:
    """The names of the cases that fail of the one exercise that loses points."""
    report = grade(grader, program(**programs))
    (name,) = programs
    assert set(outcomes(report)) == {name}
    return {case.name for case in of(report, name).cases if case.outcome != "right"}


@pytest.mark.parametrize("limit", [5, 10, 25])
def test_gradients_clipped_on_the_way_are_found(limit: int, grader: Grader) -> None:
    assert LOOP in BACKWARD
    clipped = BACKWARD.replace(LOOP, f"np.clip({LOOP}, -{limit}, {limit})")
    assert "large incoming gradients" in failing(grader, rnn_backward=clipped)


@pytest.mark.parametrize("window", [6, 10])
def test_a_window_on_the_way_back_is_found(window: int, grader: Grader) -> None:
    cut = "dh_next = step['dh_prev']"
    assert cut in BACKWARD
    program_cut = BACKWARD.replace(cut, f"{cut} * (t % {window} != 0 or t == 0)")
    assert failing(grader, rnn_backward=program_cut) == {"a long sequence"}


def test_weights_turned_by_their_sizes_are_found(grader: Grader) -> None:
    guessed = """
        def output_layer(h, W_hy, b_y):
            return h @ (W_hy.T if W_hy.shape[1] == h.shape[-1] else W_hy) + b_y
    """
    assert failing(grader, output_layer=guessed) == {"all sizes equal"}


def test_a_squeezed_single_output_is_found(grader: Grader) -> None:
    squeezed = """
        def output_layer(h, W_hy, b_y):
            out = h @ W_hy + b_y
            return out[..., 0] if out.shape[-1] == 1 else out
    """
    assert failing(grader, output_layer=squeezed) == {"out of size 1"}


def test_arguments_are_looked_at_in_every_call(grader: Grader) -> None:
    in_place = """
        def output_layer(h, W_hy, b_y):
            if h.shape[0] == 1:
                h *= 1.5
                return h @ W_hy / 1.5 + b_y
            return h @ W_hy + b_y
    """
    assert failing(grader, output_layer=in_place) == {"arguments unchanged"}
    report = grade(grader, program(output_layer=in_place))
    assert of(report, "output_layer").score == pytest.approx(
        0.8 * of(report, "output_layer").max_score
    )
    assert "changed its argument h on one sample" in of(report, "output_layer").feedback


def test_arguments_are_looked_at_where_the_call_raised(grader: Grader) -> None:
    spoils = """
        def output_layer(h, W_hy, b_y):
            if h.shape[0] == 1:
                h *= 1.5
                raise ValueError
            return h @ W_hy + b_y
    """
    assert failing(grader, output_layer=spoils) == {"one sample", "arguments unchanged"}


def test_buffers_like_weights_and_states_are_right(grader: Grader) -> None:
    like = """
        def rnn_forward(x, h0, W_xh, W_hh, b_h):
            h, out = np.zeros_like(h0), []
            h[:] = h0
            for t in range(x.shape[1]):
                new = np.zeros_like(h)
                new[:] = np.tanh(x[:, t] @ W_xh + h @ W_hh + b_h)
                h = new
                out.append(h)
            return np.stack(out, axis=1)
    """
    assert outcomes(grade(grader, program(rnn_forward=like))) == {}


def test_inputs_are_drawn_under_numpys_own_settings() -> None:
    """A program that ran in this process may have asked for errors where a number is tiny."""
    tiny = Case(name="tiny", inputs=lambda rng: {"x": np.exp(np.full(2, -800.0))}, why="Tiny.")
    with np.errstate(all="raise"):
        asked = request_of(made({"B": 2}), tiny, "numpy", np.random.default_rng(0), None)
    assert (asked.question.arguments["x"].values == 0).all()
