"""The cases are sharp: every program that differs from a reference in one place loses points."""

from __future__ import annotations

import warnings

import pytest
from core_kit import NAMES, RIGHT
from in_process import LocalOracle, caught, defined, part
from mutate import Mutant, mutants
from wrong_programs import WRONG

from autograder.spec import Exercise
from autograder.spec.collection import Collected

FLOATS = "float inputs come as floats already; integers are not tried in this exercise"
ONE_FLOAT = "one of the two is a float still, and so is the difference"
SAME = "the two lines do not depend on each other"
EXCHANGE = "an absolute value, a square or a sum is the same the other way round"
AXES = "this array has that axis, too, and as many entries along it"
DIVIDED = "a quotient is a float, and float32 is compared loosely"
NUMPY = "np.float64 and NumPy's integers serve as float and int"
EQUIVALENT: dict[str, dict[str, str]] = {
    "rnn_step": {
        "line 1, def rnn_step(x, h_prev, W_xh, W_hh, b_h):: without "
        "'x, h_prev = (as_float(x), as_float(h_prev))'": "tanh gives floats for integers",
        "line 1, def rnn_step(x, h_prev, W_xh, W_hh, b_h):: "
        "'x, h_prev = (as_float(x), as_float(h_prev))' after the next": "likewise",
        "line 2, as_float(x): its argument alone": "likewise",
        "line 2, as_float(h_prev): its argument alone": "likewise",
    },
    "rnn_forward": {
        "line 1, def rnn_forward(x, h0, W_xh, W_hh, b_h):: 'h = h0' after the next": SAME
    },
    "output_layer": {"line 2, as_float(h): its argument alone": FLOATS},
    "half_squared_error": {
        "line 2, as_float(y): its argument alone": ONE_FLOAT,
        "line 2, as_float(target): its argument alone": ONE_FLOAT,
    },
    "audit_trace": {
        "line 5, int(t): its argument alone": NUMPY,
        "line 5, int(unit): its argument alone": NUMPY,
        "line 4, published - recomputed: sides exchanged": EXCHANGE,
    },
    "rnn_step_backward": {
        "line 2, as_float(dh): its argument alone": FLOATS,
        "line 2, as_float(h): its argument alone": FLOATS,
    },
    "rnn_backward": {
        "line 1, def rnn_backward(dh, x, h0, h, W_xh, W_hh):: 'steps = []' after the next": SAME,
        "line 1, def rnn_backward(dh, x, h0, h, W_xh, W_hh):: \"grads['dx'] = np.stack([step['dx']"
        ' for step in reversed(steps)], axis=1)" after the next': SAME,
        "line 4, for t in reversed(range(x.shape[1])):: \"dh_next = step['dh_prev']\" "
        "after the next": SAME,
        "line 3, as_float(np.zeros_like(h0)): its argument alone": FLOATS,
        "line 9, ('dW_xh', 'dW_hh', 'db_h'): reversed": "a dict has no order to speak of",
        "line 5, t > 0: NotEq": "t is never negative",
        "line 4, x: dh for it": AXES,
        "line 4, x: h for it": AXES,
    },
    "numerical_gradient": {
        "line 4, for i in np.ndindex(centre.shape):: 'above[i] += eps' after the next": SAME,
        "line 1, 1e-05: -1e-05": "up and down change places, and so do the two values of f",
        "line 9, x: eps for it": "float64 will do for any x",
    },
    "relative_error": {
        "line 1, def relative_error(a, b):: without 'a, b = (np.asarray(a, dtype=np.float64), "
        "np.asarray(b, dtype=np.float64))'": DIVIDED,
        "line 2, (np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)): reversed": EXCHANGE,
        "line 3, float(np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(a) + np.abs(b)))): "
        "its argument alone": NUMPY,
        "line 2, np.asarray(a, dtype=np.float64): without dtype": DIVIDED,
        "line 2, np.asarray(a, dtype=np.float64): its argument alone": DIVIDED,
        "line 2, np.asarray(b, dtype=np.float64): without dtype": DIVIDED,
        "line 2, np.asarray(b, dtype=np.float64): its argument alone": DIVIDED,
        "line 3, np.maximum(1e-12, np.abs(a) + np.abs(b)): arguments 0 and 1 exchanged": EXCHANGE,
        "line 3, a - b: sides exchanged": EXCHANGE,
    },
    "state_gradient_norms": {
        "line 2, as_float(dh_last): its argument alone": FLOATS,
        "line 5, 1 - h[:, t] ** 2: sides exchanged": "signs vanish in a norm",
    },
    "sgd_step": {"line 2, as_float(value): its argument alone": FLOATS},
    "train_rnn": {
        "line 1, def train_rnn(x, target, params, lr, steps):: 'trained = dict(params)' "
        "after the next": SAME,
        'line 1, def train_rnn(x, target, params, lr, steps):: "h0 = np.zeros((len(x), '
        "len(params['b_h'])), dtype=x.dtype)\" after the next": SAME,
        "line 5, for _ in range(steps):: 'losses.append(loss)' after the next": SAME,
        "line 5, for _ in range(steps):: \"grads['W_hy'] = np.einsum('bth,bto->ho', h, dy)\" "
        "after the next": SAME,
        "line 2, dict(params): its argument alone": "the name is bound anew and nothing is edited",
        "line 3, x: target for it": AXES,
        "line 12, ('W_xh', 'W_hh', 'b_h'): reversed": "a dict has no order to speak of",
        "line 14, (0, 1): reversed": EXCHANGE,
    },
}


@pytest.fixture(scope="module")
def oracle(lab2: Collected) -> LocalOracle:
    return LocalOracle(lab2, b"the secret of the mutants")


@pytest.fixture
def exercise(lab2: Collected, name: str) -> Exercise:
    return next(one for one in lab2.exercises if one.name == name)


def survives(mutant: Mutant, oracle: LocalOracle, exercise: Exercise) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function = defined(mutant.source, exercise.name, RIGHT)
        except Exception:
            return False
        return not caught(oracle, exercise, function, draw=0)


@pytest.mark.parametrize("name", NAMES)
def test_every_mutant_is_caught_but_for_those_that_are_no_mistakes(
    name: str, oracle: LocalOracle, exercise: Exercise
) -> None:
    made = mutants(RIGHT[name])
    assert len(made) > 15
    left = {one.what for one in made if survives(one, oracle, exercise)}
    assert left == set(EQUIVALENT[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_right_function_is_right_on_every_draw(
    name: str, oracle: LocalOracle, exercise: Exercise
) -> None:
    function = defined(RIGHT[name], name, RIGHT)
    assert {part(oracle, exercise, function, draw) for draw in range(0, 24, 5)} == {1.0}


@pytest.mark.parametrize("name", NAMES)
def test_the_wrong_programs_are_caught_on_other_draws_too(
    name: str, oracle: LocalOracle, exercise: Exercise
) -> None:
    for slip, source in WRONG[name].items():
        for draw in (1, 6, 11, 16, 21):
            mutant = Mutant(slip, source)
            function = defined(mutant.source, name, RIGHT)
            assert caught(oracle, exercise, function, draw), (slip, draw)
