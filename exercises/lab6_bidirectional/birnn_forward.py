"""A recurrent network in each direction, over the real steps of padded sequences."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import RECURRENT, Case, Exercise, Mistakes, but, edited, printed
from exercises.lab6_bidirectional._draws import Draw, draw_lengths, draw_recurrent
from solutions.lab6_bidirectional import birnn_forward


def inputs(rng: np.random.Generator, B: int, T: int, F: int, H: int) -> Mapping[str, Any]:
    return {
        "x": rng.standard_normal((B, T, F)),
        "lengths": draw_lengths(rng, B, T),
        "forward_params": draw_recurrent(rng, F, H),
        "backward_params": draw_recurrent(rng, F, H),
    }


def with_lengths(*lengths: int) -> Draw:
    """Inputs of 7 steps with lengths of their own, and large numbers in the padding."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        drawn = dict(inputs(rng, len(lengths), 7, 3, 4))
        drawn["lengths"] = np.array(lengths)
        padding = np.arange(7) >= drawn["lengths"][:, None]
        drawn["x"] = drawn["x"] + 1000.0 * padding[:, :, None]
        return drawn

    return draw


def zero_steps(rng: np.random.Generator) -> Mapping[str, Any]:
    drawn = dict(with_lengths(3, 7, 5)(rng))
    drawn["x"][:, 1:3] = 0.0
    return drawn


TURNED, TURNED_BACK = (
    "reverse_within_length(x, lengths)",
    "reverse_within_length(mirrored, lengths)",
)
OUTPUT = "torch.cat([forward, backward], dim=2)"
FINAL = "torch.cat([forward[rows, lengths - 1], backward[:, 0]], dim=1)"
FORWARD_END, BACKWARD_END = "forward[rows, lengths - 1]", "backward[:, 0]"
ZEROS = 'inputs.new_zeros(inputs.shape[0], params["b_h"].shape[0])'


changed = partial(edited, birnn_forward)

wrong = Mistakes()
printed(wrong, birnn_forward)

said = "both directions use the forward weights. Which weights does the second network use?"
wrong.add("one_network", changed({"lengths), backward_params": "lengths), forward_params"}), said)
wrong.add(
    "networks_swapped",
    changed(
        {"(x, forward_params": "(x, backward_params", "), backward_params": "), forward_params"}
    ),
    "each direction uses the weights of the other. Which weights does each network use?",
)
said = "final is the mean of the states. In which state did each direction end?"
wrong.add("final_is_the_mean", changed({FINAL: "output.sum(1) / lengths[:, None]"}), said)
wrong.add(
    "x_blanked",
    changed(
        {
            "forward = states": "x *= (torch.arange(x.shape[1], device=x.device) < lengths[:, None])[:, :, None]\n    forward = states"
        }
    ),
    "the caller's x is changed. Compare x before and after the call.",
)
said = "the backward direction starts in the padding. What does the backward direction read first in a short sequence?"
wrong.add(
    "flips_the_padding", changed({TURNED: "x.flip(1)", TURNED_BACK: "mirrored.flip(1)"}), said
)
said = "the lengths are used for the mask alone. Which words has each direction read when it ends, in a short sequence?"
wrong.add(
    "masked_at_the_end",
    changed({TURNED: "x.flip(1)", TURNED_BACK: "mirrored.flip(1)", FORWARD_END: "forward[:, -1]"}),
    said,
)
said = "the input is reversed with its padding, the states within their lengths. Do your two reversals undo each other?"
wrong.add("flips_then_turns_back_within", changed({TURNED: "x.flip(1)"}), said)
wrong.family(
    "Which word was the backward direction reading when it gave its first state?",
    (
        "not_turned_back",
        changed({TURNED_BACK: "mirrored", BACKWARD_END: "backward[rows, lengths - 1]"}),
        "the backward states stand in the order in which they were computed",
    ),
    (
        "not_turned_back_and_taken_at_0",
        changed({TURNED_BACK: "mirrored"}),
        "the backward states are not turned back, and the first of them is final",
    ),
)
wrong.add(
    "over_the_batch",
    changed(
        {
            ZEROS: 'inputs.new_zeros(inputs.shape[1], params["b_h"].shape[0])',
            "unbind(dim=1)": "unbind(dim=0)",
            "torch.stack(steps, dim=1)": "torch.stack(steps, dim=0)",
        }
    ),
    "the loop runs over the sequences of the batch and not over the steps. Which axis does your loop take apart?",
)
wrong.family(
    "Which word does the second network read first?",
    (
        "reads_forward_twice",
        changed({TURNED: "x", TURNED_BACK: "mirrored"}),
        "both networks read from left to right",
    ),
    (
        "turned_back_only",
        changed({TURNED: "x"}),
        "the second network reads from left to right and its states are then reversed",
    ),
)
wrong.add(
    "backward_first",
    changed(
        {
            "[forward, backward]": "[backward, forward]",
            f"{FORWARD_END}, {BACKWARD_END}": f"{BACKWARD_END}, {FORWARD_END}",
        }
    ),
    "the backward half stands before the forward half. In which order do the halves stand?",
)
wrong.add(
    "final_backward_first",
    changed({f"{FORWARD_END}, {BACKWARD_END}": f"{BACKWARD_END}, {FORWARD_END}"}),
    "in final the backward half stands before the forward half. In which order do the halves of final stand?",
)
wrong.add(
    "directions_added",
    changed({OUTPUT: "(forward + backward)", FINAL: f"{FORWARD_END} + {BACKWARD_END}"}),
    "the two directions are added up. How many numbers belong to each step?",
)
wrong.add(
    "directions_stacked",
    changed({FINAL: f"torch.stack([{FORWARD_END}, {BACKWARD_END}])"}),
    "final has an axis for the directions, as h_n has in PyTorch. Look at the shape of final.",
)
said = "states stand on the padding. Look at output where there is only padding."
wrong.add("padding_not_zeroed", changed({" * real[:, :, None]": ""}), said)
wrong.family(
    "Which is the last real step of a sequence of n?",
    (
        "one_state_too_many",
        changed({"< lengths[:": "<= lengths[:"}),
        "the first step of the padding counts as real",
    ),
    (
        "one_state_too_few",
        changed({"< lengths[:, None]": "< lengths[:, None] - 1"}),
        "the last real step counts as padding",
    ),
)
said = "a step whose input is zero is taken for padding. Who says where a sequence ends: x, or lengths?"
wrong.add(
    "zero_inputs_are_padding",
    changed({"< lengths[:, None]": "< x.any(dim=2) * lengths[:, None]"}),
    said,
)
said = "final is the output at the last step of the row. How many words has the backward direction read at the last step?"
wrong.add("final_from_the_last_column", changed({FINAL: "output[:, -1]"}), said)
said = "final is the output at step 0. How many words has the forward direction read at step 0?"
wrong.add("final_from_the_first_column", changed({FINAL: "output[:, 0]"}), said)
said = "final is the output at the last real step, in both halves. How many words has the backward direction read at the last real step?"
wrong.add("final_from_the_last_word", changed({BACKWARD_END: "backward[rows, lengths - 1]"}), said)
said = "the forward half of final has read the padding as well. Which step does the forward half of final come from, in a short sequence?"
wrong.add("final_runs_on", changed({FORWARD_END: "forward[:, -1]"}), said)
wrong.add(
    "final_one_early",
    changed({FORWARD_END: "forward[rows, (lengths - 2).clamp(min=0)]"}),
    "the forward half of final is taken one step too early. Which step does the forward half of final come from?",
)
said = "the forward half of final is taken at the same step for every sequence. Which step does the forward half of final come from, in each sequence?"
wrong.add(
    "final_from_the_longest", changed({FORWARD_END: "forward[:, int(lengths[0]) - 1]"}), said
)
said = "final comes before output. Look at the order of what you return."
wrong.add("final_first", but(birnn_forward, returns=lambda pair: (pair[1], pair[0])), said)
said = "final is missing. Count what you return."
wrong.add("output_only", but(birnn_forward, returns=lambda pair: pair[0]), said)
said = "there is no tanh. Between which bounds do your states lie?"
wrong.add("no_tanh", changed({"torch.tanh(": "("}), said)
said = "the bias is missing. What is the first state for an input of zeros?"
wrong.add("no_bias", changed({' + params["b_h"])': ")"}), said)
said = "the bias is added after the tanh. What does the tanh go around?"
wrong.add("bias_outside", changed({' + params["b_h"])': ') + params["b_h"]'}), said)
said = "W_hh is transposed. Compare the product with the formula."
wrong.add("transposed", changed({'params["W_hh"]': 'params["W_hh"].T'}), said)
said = "every step starts from a state of zeros. Which state does the second step of each direction read?"
wrong.add("no_recurrence", changed({'h @ params["W_hh"] + ': ""}), said)
said = "the values are right and the gradient is cut between the steps. May a gradient go back from one step to the one before?"
wrong.add("detached", changed({"h @ params": "h.detach() @ params"}), said)
said = "each direction starts from ones. From which state does each direction start?"
wrong.add("ones_at_first", changed({"new_zeros": "new_ones"}), said)
wrong.add(
    "from_float32_zeros",
    changed({ZEROS: 'torch.zeros(inputs.shape[0], params["b_h"].shape[0], device=x.device)'}),
    "the first state is float32 whatever x is. Look at the dtype of the tensors that you make.",
)
wrong.family(
    "Look at the device of the tensors that you make.",
    (
        "zeros_on_the_cpu",
        changed({ZEROS: 'torch.zeros(inputs.shape[0], params["b_h"].shape[0], dtype=x.dtype)'}),
        "the first state lives on the CPU wherever x is",
    ),
    (
        "mask_on_the_cpu",
        changed({"x.shape[1], device=x.device": "x.shape[1]"}),
        "the mask lives on the CPU wherever x is",
    ),
)


EXERCISE = Exercise(
    reference=birnn_forward,
    inputs=inputs,
    points=14,
    axes={"B": 3, "T": 5, "F": 2, "H": 4},
    shapes={"x": "B T F", "lengths": "B", "W_xh": "F H", "W_hh": "H H", "b_h": "H"},
    parts=("output", "final"),
    forbidden=RECURRENT,
    cases=(
        Case(name="padding behind every sequence", inputs=with_lengths(2, 5, 4)),
        Case(name="no padding at all", inputs=with_lengths(7, 7)),
        Case(
            name="real steps that are zero",
            inputs=zero_steps,
            value=False,
            why="An input of zeros is an input: which steps are real is said by the lengths.",
        ),
        Case(
            name="lengths 1",
            inputs=with_lengths(1, 1, 1),
            value=False,
            why="In a sequence of one step both directions start and end at that step.",
        ),
    ),
    mistakes=wrong,
    look="Take one sequence of two steps in a row of three, and write down which word each "
    "direction reads at which turn.",
    when_right=(
        "A loop with an index from the last step down needs no reversal, but must hold the state "
        "at zero until each sequence's own end is reached. The backward half of final is at step "
        "0, since there it has read everything; at the last step it has read one word. Equal "
        "lengths hide nearly every mistake here. Next question: can such a network be used to "
        "predict the next word? What would it have seen already?"
    ),
)
