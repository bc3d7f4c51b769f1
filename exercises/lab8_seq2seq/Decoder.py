"""A module that goes on from a state, fed with one token after the other."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from autograder.spec import Exercise, Mistakes, but, edited
from autograder.spec.scenarios import loaded
from exercises.lab8_seq2seq._models import (
    Draw,
    build_and_run,
    draw_linear,
    draw_reader,
    edge,
    one_after_the_other,
    with_shapes,
)
from solutions.lab8_seq2seq import Decoder

SIZES: dict[str, Any] = {"B": 4, "T": 5, "V": 7, "E": 2, "H": 3}


def inputs(
    rng: np.random.Generator, B: int, T: int, V: int, E: int, H: int, mode: str = "train"
) -> Mapping[str, Any]:
    tokens = rng.integers(V, size=(B, T))
    tokens[0, T // 2] = 0
    return {
        "init": [V, E, H],
        "weights": draw_reader(rng, V, E, H) | draw_linear(rng, "fc", H, V),
        "inputs": [tokens, rng.uniform(-0.9, 0.9, (1, B, H))],
        "probe": [rng.standard_normal((B, T, V)), rng.standard_normal((1, B, H))],
        "mode": mode,
    }


def drawn(**changes: Any) -> Draw:
    return lambda rng: inputs(rng, **{**SIZES, **changes})


def by_name(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    tokens, state = draw["inputs"]
    V, E, H = draw["init"]
    init = {"hidden_size": H, "embedding_dim": E, "vocab_size": V}
    return {**draw, "init": init, "inputs": {"state": state, "tokens": tokens}}


def twice(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    second = [draw["inputs"][0][::-1].copy(), -draw["inputs"][1]]
    calls = {"first": draw["inputs"], "second": second}
    return {"init": draw["init"], "weights": draw["weights"], **calls}


def step_by_step(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    tokens, state = draw["inputs"]
    return {"init": draw["init"], "weights": draw["weights"], "tokens": tokens, "state": state}


def one_token_each(entry: Any, init: Any, weights: Any, tokens: Any, state: Any) -> Any:
    """The logits of as many calls as there are steps, each fed one token; None for others."""
    module, _, complaint = loaded(entry, init, weights)
    if complaint:
        return None
    said = []
    with torch.no_grad():
        for t in range(tokens.shape[1]):
            logits, state = module(tokens[:, t : t + 1], state)
            said.append(logits)
    return said


change = partial(edited, Decoder)

SUPER = "super().__init__()"
RUN = "self.rnn(self.embedding(tokens), state)"
RETURN = "return self.fc(output), state"
RENAMED = {"self.fc = ": "self.out = ", "self.fc(": "self.out("}
FED = "Which tokens reach the embedding, and with which state does the first step start?"
STATE = "Change the state that you hand over: do the logits of every step change?"
OUTPUT = "What leaves the last layer should be V scores per step, as they are."
SHAPES = "Compare the shapes of what you return with the docstring, one by one."
PARTS = "Print the model, and compare names and sizes of its layers with the docstring."
GRADIENT = "Which step of your forward cuts the graph?"

wrong = Mistakes()
wrong.family(
    STATE,
    ("state_ignored", change({RUN: "self.rnn(self.embedding(tokens))"}), "the state is not used"),
    ("state_negated", but(Decoder, forward={"state": torch.neg}), "the state changes its sign"),
    (
        "state_as_it_came",
        change({"output, state = self": "output, _ = self"}),
        "the state comes back as it came in",
    ),
    (
        "state_at_every_step",
        change(
            {
                RETURN: "steps = [self.rnn(self.embedding(t[:, None]), state)[0] for t in tokens.unbind(1)]\n        return self.fc(torch.cat(steps, 1)), state",
                "output, state = self": "output, end = self",
            }
        ),
        "every step starts from the state that was handed over",
    ),
    (
        "state_added",
        change({RETURN: "return self.fc(output + state.transpose(0, 1)), state"}),
        "the state is added to what fc reads",
    ),
    (
        "state_squashed",
        change({RUN: "self.rnn(self.embedding(tokens), state.tanh())"}),
        "the state is squashed before it is used",
    ),
)
wrong.family(
    FED,
    (
        "shifts_itself",
        but(Decoder, forward={"tokens": lambda tokens: F.pad(tokens, (1, 0))[:, :-1]}),
        "the tokens are shifted, with 0 in front",
    ),
    (
        "shifts_left",
        but(Decoder, forward={"tokens": lambda tokens: F.pad(tokens, (0, 1))[:, 1:]}),
        "each step is fed the token of the next one",
    ),
    (
        "reversed",
        but(Decoder, forward={"tokens": lambda tokens: tokens.flip(1)}),
        "the tokens are fed in reverse",
    ),
    (
        "first_token_only",
        but(Decoder, forward={"tokens": lambda tokens: tokens[:, :1].expand_as(tokens)}),
        "every step is fed the first token",
    ),
    (
        "last_token_only",
        but(Decoder, forward={"tokens": lambda tokens: tokens[:, -1:]}),
        "only the last token is fed",
    ),
    (
        "feeds_its_own",
        change(
            {
                RETURN: "return self.fc(output), state",
                RUN: "self.rnn(self.embedding(self.own(tokens, state)), state)",
                "def forward": """def own(self, tokens, state):
        fed = [tokens[:, :1]]
        for _ in range(tokens.shape[1] - 1):
            output, state = self.rnn(self.embedding(fed[-1]), state)
            fed.append(self.fc(output).argmax(-1))
        return torch.cat(fed, 1)

    def forward""",
            }
        ),
        "each step is fed the decoder's own best token",
    ),
)
wrong.add(
    "batch_is_time",
    change(
        {
            RUN: "self.flat(self.embedding(tokens), state)",
            "def forward": """def flat(self, known, state):
        output, state = self.rnn(known.reshape(1, -1, known.shape[2]), state[:, :1])
        return output.reshape(*known.shape[:2], -1), state.expand(1, len(known), -1)

    def forward""",
        }
    ),
    "all rows are read as one long sequence. Which axis does nn.GRU take for time?",
)
wrong.family(
    OUTPUT,
    (
        "probabilities",
        change({"self.fc(output)": "self.fc(output).softmax(-1)"}),
        "a softmax stands at the end",
    ),
    (
        "log_probabilities",
        change({"self.fc(output)": "self.fc(output).log_softmax(-1)"}),
        "a log-softmax stands at the end",
    ),
    ("predictions", change({"self.fc(output)": "self.fc(output).argmax(-1)"}), "tokens come out"),
    (
        "relu_before_fc",
        change({"self.fc(output)": "self.fc(output.relu())"}),
        "a relu stands in front of fc",
    ),
    ("no_fc", change({"self.fc(output)": "output"}), "the outputs of the network come back"),
    (
        "relu_on_words",
        change({"self.embedding(tokens)": "self.embedding(tokens).relu()"}),
        "the embedded tokens go through a relu",
    ),
)
wrong.family(
    SHAPES,
    ("logits_alone", but(Decoder, returns=lambda pair: pair[0]), "the logits come back alone"),
    ("exchanged", but(Decoder, returns=lambda pair: pair[::-1]), "the state comes first"),
    (
        "last_step_only",
        but(Decoder, returns=lambda pair: (pair[0][:, -1], pair[1])),
        "the logits of the last step come back and no others",
    ),
    (
        "steps_first",
        but(Decoder, returns=lambda pair: (pair[0].transpose(0, 1), pair[1])),
        "the logits are (T, B, V)",
    ),
    (
        "classes_second",
        but(Decoder, returns=lambda pair: (pair[0].transpose(1, 2), pair[1])),
        "the logits are (B, V, T)",
    ),
    (
        "state_without_layers",
        but(Decoder, returns=lambda pair: (pair[0], pair[1][0])),
        "the state is (B, H)",
    ),
    (
        "outputs_for_state",
        change({RETURN: "return self.fc(output), output"}),
        "the outputs of all steps come back in place of the state",
    ),
    (
        "squeezed",
        but(Decoder, returns=lambda pair: (pair[0].squeeze(1), pair[1])),
        "an axis of size 1 is gone",
    ),
)
wrong.family(
    GRADIENT,
    (
        "cut_state_before",
        but(Decoder, forward={"state": torch.Tensor.detach}),
        "no gradient flows back to the state that was handed over",
    ),
    (
        "cut_state_behind",
        but(Decoder, returns=lambda pair: (pair[0], pair[1].detach())),
        "no gradient gets past the state that comes back",
    ),
    (
        "cut_outputs",
        change({"self.fc(output)": "self.fc(output.detach())"}),
        "no gradient gets past fc",
    ),
)
wrong.family(
    PARTS,
    ("other_names", change(RENAMED), "the layers have other names"),
    ("plain_rnn", change({"nn.GRU(": "nn.RNN("}), "the network is a plain RNN"),
    (
        "two_layers",
        change({"hidden_size, batch_first": "hidden_size, num_layers=2, batch_first"}),
        "the network has two layers",
    ),
    (
        "sizes_exchanged",
        change(
            {SUPER: f"{SUPER}\n        embedding_dim, hidden_size = hidden_size, embedding_dim"}
        ),
        "embedding_dim and hidden_size are exchanged",
    ),
    (
        "no_bias",
        change({"hidden_size, vocab_size)": "hidden_size, vocab_size, bias=False)"}),
        "fc has no bias",
    ),
    (
        "tied",
        change(
            {
                SUPER: f"{SUPER}\n        embedding_dim = hidden_size",
                "vocab_size)\n        ###": "vocab_size)\n        self.fc.weight = self.embedding.weight\n        ###",
            }
        ),
        "fc and the embedding share their weight",
    ),
    (
        "padding_token",
        change(
            {
                "vocab_size, embedding_dim)\n        self.rnn": "vocab_size, embedding_dim, padding_idx=0)\n        self.rnn"
            }
        ),
        "token 0 is a padding token and gets no gradient",
    ),
    (
        "dropped",
        change(
            {
                "self.fc(output)": "self.fc(output * (torch.arange(output.shape[-1]) % 2 == 0) if self.training else output)"
            }
        ),
        "units are dropped in training mode",
    ),
)
wrong.add(
    "state_in_float32",
    but(Decoder, returns=lambda pair: (pair[0], pair[1].float())),
    "the state is float32 whatever the weights are. What is the dtype of every tensor that your forward makes?",
)
wrong.add(
    "state_on_the_cpu",
    change(
        {RETURN: "return self.fc(output), torch.zeros(state.shape, dtype=state.dtype) + state"}
    ),
    "a new tensor is made on the CPU. What is the device of every tensor that your forward makes?",
)


@wrong
class GoesOn(Decoder):
    """a call goes on from the state in which the call before ended.
    Which state does the second call start from, if you hand over another one?"""

    kept: Any = None

    def forward(self, tokens, state):
        if self.kept is not None and self.kept.shape == state.shape:
            state = self.kept
        output, end = self.rnn(self.embedding(tokens), state)
        self.kept = end.detach()
        return self.fc(output), end


EXERCISE = Exercise(
    reference=Decoder,
    inputs=inputs,
    points=9,
    axes=SIZES,
    shapes={
        "inputs.0": "B T",
        "inputs.1": "1 B H",
        "result.0": "B T V",
        "result.1": "1 B H",
        "probe.0": "B T V",
        "probe.1": "1 B H",
    },
    scenario=build_and_run,
    view=with_shapes,
    cases=(
        edge("arguments by name", by_name, "The arguments have the names of the docstring."),
        edge(
            "one token after the other",
            step_by_step,
            "T calls with one token each give what one call with T tokens gives.",
            scenario=one_token_each,
        ),
        edge(
            "evaluation mode",
            drawn(mode="eval"),
            "This network does the same in training and in evaluation mode.",
        ),
        edge(
            "another batch with the same decoder",
            twice,
            "Every call starts from the state that it is given.",
            scenario=one_after_the_other,
        ),
    ),
    mistakes=wrong,
    look=FED,
    when_right=(
        "One call takes all tokens in training, and the same call takes a single one when the "
        "decoder speaks. That works because it shifts nothing and returns the state after the "
        "last token. Hand back the state that came in, and training shows nothing, for it uses "
        "the logits only; but when it speaks, each step knows the last token and no other. Next "
        "question: why can the decoder not be fed all its tokens at once when it speaks by "
        "itself?"
    ),
)
