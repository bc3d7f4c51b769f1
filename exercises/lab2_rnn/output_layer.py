"""The output layer: one affine map, applied to every state."""

import numpy as np

from autograder.spec import Exercise, Mistakes, but, weights
from exercises.lab2_rnn._draws import OUTPUT, Array, state
from solutions.lab2_rnn import output_layer


def inputs(rng, B, T, H, O):
    return {
        "h": state(rng, B, T, H),
        "W_hy": weights(rng, H, O),
        "b_y": rng.uniform(0.3, 1.0, O) * rng.choice([-1.0, 1.0], O),
    }


def softmax(y: Array) -> Array:
    raised = np.exp(y - y.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


wrong = Mistakes()

wrong.family(
    "An output may be any number; look at what you do after the sum.",
    ("tanh", but(output_layer, returns=np.tanh), "the outputs are squashed like states"),
    ("softmax", but(output_layer, returns=softmax), "the outputs are turned into probabilities"),
    (
        "sigmoid",
        but(output_layer, returns=lambda y: 1 / (1 + np.exp(-y))),
        "the outputs are squashed between 0 and 1",
    ),
)

wrong.family(
    "What should come out where a state is all zeros?",
    ("no_bias", but(output_layer, b_y=np.zeros_like), "the bias is left out"),
    ("bias_twice", but(output_layer, b_y=lambda b_y: 2 * b_y), "the bias is added twice"),
    ("bias_subtracted", but(output_layer, b_y=np.negative), "the bias enters with the wrong sign"),
)

wrong.family(
    "Compare the shape that you return with the one asked for.",
    ("only_the_last", but(output_layer, h=lambda h: h[:, -1]), "only the last state is read"),
    (
        "summed_over_time",
        but(output_layer, returns=lambda y: y.sum(axis=1)),
        "the outputs are added up over time",
    ),
)

said = "time stands in front of the batch. Compare the axes that you return with those asked for."
wrong.add("time_first", but(output_layer, returns=lambda y: y.transpose(1, 0, 2)), said)

wrong.add(
    "first_state_always",
    but(output_layer, h=lambda h: np.repeat(h[:, :1], h.shape[1], axis=1)),
    "every output is read from the first state. Look at the index of h.",
)

said = "the outputs are kept in float64 whatever came in. Look at the dtype of the array that you write into."
wrong.add("buffer_of_float64", but(output_layer, returns=lambda y: y.astype(np.float64)), said)


EXERCISE = Exercise(
    reference=output_layer,
    inputs=inputs,
    points=5,
    axes={"B": 3, "T": 5, "H": 6, "O": 2},
    shapes={"h": "B T H", **OUTPUT, "return": "B T O"},
    mistakes=wrong,
    look="One matrix product over the last axis of h, and one sum.",
    when_right=(
        "The product takes the last axis, so one expression serves (B, H) as well as (B, T, H); "
        "nothing has to be reshaped and there is no loop. The trap is a tanh or a softmax out of "
        "habit: an output layer leaves the range to the loss. Next question: how many weights "
        "would there be if each step had an output matrix of its own, and what could such a "
        "network not do with longer sequences?"
    ),
)
