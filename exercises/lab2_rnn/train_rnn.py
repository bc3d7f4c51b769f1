"""Training by gradient descent: forward, loss, backward, update."""

import functools

from autograder.spec import Case, Exercise, Mistakes, edited, weights
from exercises.lab2_rnn._draws import OUTPUT, RECURRENT, recurrent
from exercises.lab2_rnn._programs import INDENTED
from solutions.lab2_rnn import train_rnn


def inputs(rng, B, T, I, H, O):
    params = {**recurrent(rng, I, H), "W_hy": weights(rng, H, O), "b_y": rng.standard_normal(O)}
    x, target = rng.standard_normal((B, T, I)), rng.standard_normal((B, T, O))
    return {"x": x, "target": target, "params": params, "lr": 0.02, "steps": 1}


def four_steps(rng):
    return {**inputs(rng, 3, 4, 2, 5, 3), "steps": 4}


def no_steps(rng):
    return {**inputs(rng, 2, 3, 2, 4, 1), "steps": 0}


def many_steps(rng):
    return {**inputs(rng, 4, 3, 2, 8, 3), "steps": 250, "lr": 0.002}


LOSS = "append(loss)"
DH = 'dh = dy @ trained["W_hy"].T'
UPDATE = "trained = sgd_step(trained, grads, lr)"
RETURN = "return trained, losses"

changed = functools.partial(edited, train_rnn)


def without(*names: str):
    """The reference that leaves some parameters as they are."""
    new = f"{UPDATE} | {{name: params[name] for name in frozen}}"
    return changed({UPDATE: new}, frozen=names)


wrong = Mistakes()

said = "the steps go up the gradient. Should your losses rise or fall?"
wrong.add("uphill", changed({UPDATE: "trained = sgd_step(trained, grads, -lr)"}), said)

said = "the parameters never change. Are all your losses equal? What should make them differ?"
wrong.add("never_updates", changed({UPDATE: "sgd_step(trained, grads, lr)"}), said)

wrong.add(
    "always_from_the_start",
    changed({"for _ in range(steps):": "for _ in range(steps):\n        trained = dict(params)"}),
    "every step starts from the parameters that were handed in. Which parameters does the second turn of your loop use?",
)

wrong.family(
    "Which loss does the exercise name?",
    (
        "mean_loss",
        changed({LOSS: "append(loss / y.size)"}),
        "the loss is a mean, and the gradient that of the sum",
    ),
    ("without_half", changed({LOSS: "append(2 * loss)"}), "the half is missing in the loss"),
)

wrong.family(
    "Derive the loss that you list: does your dy come out?",
    (
        "mean_gradient",
        changed({DH: f"dy = dy / dy.size\n        {DH}"}),
        "the gradient is that of a mean, and the loss a sum",
    ),
    (
        "gradient_per_sample",
        changed({DH: f"dy = dy / len(dy)\n        {DH}"}),
        "the gradient is divided by the size of the batch",
    ),
    (
        "doubled_gradient",
        changed({DH: f"dy = 2 * dy\n        {DH}"}),
        "the gradient is twice as large as it should be",
    ),
)

said = "only the last output sends a gradient into the recurrent part. Every step has an output and a share in the loss."
wrong.add("only_the_last_step", changed({DH: f"{DH}\n        dh[:, :-1] = 0"}), said)

wrong.add(
    "W_hy_last_step",
    changed({'np.einsum("bth,bto->ho", h, dy)': "h[:, -1].T @ dy[:, -1]"}),
    "W_hy learns from the last step alone. How often is W_hy used in one forward pass?",
)

said = "the gradient of b_y is a mean. How often is b_y used in one forward pass?"
wrong.add("b_y_mean", changed({"dy.sum(axis=(0, 1))": "dy.mean(axis=(0, 1))"}), said)

said = "the gradient of b_y is summed over the batch alone, so that b_y gets an axis for time. How often is b_y used in one forward pass?"
wrong.add("b_y_over_batch", changed({"dy.sum(axis=(0, 1))": "dy.sum(axis=0)"}), said)

wrong.family(
    "Compare each parameter before and after one step: which ones move?",
    ("output_frozen", without("W_hy", "b_y"), "the output layer is never updated"),
    ("recurrent_frozen", without("W_xh", "W_hh", "b_h"), "only the output layer is updated"),
    ("W_hh_frozen", without("W_hh"), "W_hh is never updated"),
    ("b_h_frozen", without("b_h"), "b_h is never updated"),
    ("b_y_frozen", without("b_y"), "b_y is never updated"),
)

said = "each pass starts from the last state of the pass before. Which h0 does the exercise name, for every step of training?"
wrong.add("carries_the_state", changed({UPDATE: f"{UPDATE}\n        h0 = h[:, -1]"}), said)

said = "the state before the first step is one in place of zero. Which h0 does the exercise name?"
wrong.add("starts_from_ones", changed({"np.zeros(": "np.ones("}), said)

said = "the function returns after the first update. " + INDENTED
wrong.add("returns_in_the_loop", changed({UPDATE: f"{UPDATE}\n        {RETURN}"}), said)

said = "the loop stops one step early. Count the updates for steps = 1."
wrong.add("one_step_less", changed({"range(steps)": "range(steps - 1)"}), said)


@wrong
def one_more_loss(x, target, params, lr, steps):
    """one more loss is measured at the end.
    Count the losses for steps = 1."""
    trained, _ = train_rnn(x, target, params, lr, steps)
    _, losses = train_rnn(x, target, params, lr, steps + 1)
    return trained, losses


@wrong
def losses_after(x, target, params, lr, steps):
    """each loss is measured after its update.
    When is a loss measured, and when do the parameters change?"""
    trained, losses = one_more_loss(x, target, params, lr, steps)
    return trained, losses[1:]


@wrong
def one_sample_at_a_time(x, target, params, lr, steps):
    """the parameters are updated after every sample.
    The full batch makes one step."""
    losses = []
    for _ in range(steps):
        total = 0.0
        for i in range(len(x)):
            params, some = train_rnn(x[i : i + 1], target[i : i + 1], params, lr, 1)
            total += some[0]
        losses.append(total)
    return dict(params), losses


wrong.add(
    "edits_params",
    changed({UPDATE: "for name in trained:\n            trained[name] -= lr * grads[name]"}),
    "the dict is copied, and the caller's arrays in it are trained. What do params and its copy share?",
)

wrong.add(
    "replaces_in_params",
    changed({RETURN: f'params["W_hh"] = trained["W_hh"]\n    {RETURN}'}),
    "the caller's dict is changed. Compare the dict that was handed in before and after.",
)

said = "the losses come back as an array. A list of floats is asked for."
wrong.add("losses_as_an_array", changed({RETURN: "return trained, np.array(losses)"}), said)

said = "the losses are NumPy numbers of the inputs' dtype and no Python floats. float32 inputs give them away; look at the type of one loss."
wrong.add("losses_are_numpy_numbers", changed({LOSS: "append(y.dtype.type(loss))"}), said)

said = (
    "the parameters become float64 whatever came in. Which dtype does a new array of zeros have?"
)
wrong.add("zeros_of_float64", changed({"dtype=x.dtype": "dtype=np.float64"}), said)

said = "at least one update is made. What should come back for steps = 0?"
wrong.add("at_least_one_step", changed({"range(steps)": "range(max(1, steps))"}), said)

said = "the losses come before the parameters. Look at the order of what you return."
wrong.add("losses_first", changed({RETURN: "return losses, trained"}), said)

EXERCISE = Exercise(
    reference=train_rnn,
    inputs=inputs,
    points=9,
    axes={"B": 3, "T": 5, "I": 4, "H": 6, "O": 2},
    shapes={"x": "B T I", "target": "B T O", **RECURRENT, **OUTPUT},
    parts=("params", "losses"),
    cases=(
        Case(name="four steps", inputs=four_steps),
        Case(name="250 steps", inputs=many_steps),
        Case(
            name="no step at all",
            inputs=no_steps,
            value=False,
            why="With steps = 0 the parameters come back as they are, and no loss.",
        ),
    ),
    mistakes=wrong,
    look="Check one step: the loss before it, then each parameter after it.",
    when_right=(
        "Your functions and an update: that is every training loop there is. The loss of a step "
        "is that of the weights before its update, so the first one tells you where you began. "
        "Next question: what do you expect of the first loss if W_hy and b_y are zero, and why is "
        "this a good thing to look at before you train for an hour?"
    ),
)
