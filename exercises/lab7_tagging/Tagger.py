"""A module that gives each token a score for every tag."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from autograder.spec import PLACEMENT, Case, Exercise, Mistakes, but, edited
from autograder.spec.scenarios import tensors
from exercises.lab7_tagging import _tagger_draws as draws
from exercises.lab7_tagging._draws import edge
from exercises.lab7_tagging._scenarios import logits_and_gradients, padding_row, two_batches
from exercises.lab7_tagging._tagger_draws import SIZES, drawn, inputs, view
from solutions.lab7_tagging import Tagger


def sorting(back: Callable[..., Any]) -> type[Tagger]:
    """The tagger that sorts by length; back: what it does with the logits and the order."""

    class Sorting(Tagger):
        def forward(self, tokens, lengths=None):
            if lengths is None:
                return super().forward(tokens)
            order = lengths.argsort(descending=True, stable=True)
            return back(super().forward(tokens[order], lengths[order]), order)

    return Sorting


def state_of(rnn: nn.Module, parts: list[Any]) -> Any:
    """h, or (h, c) for an LSTM."""
    return (parts[0], parts[-1]) if isinstance(rnn, nn.LSTM) else parts[0]


def starting(make: Callable[..., Any], *branches: str) -> Any:
    """The tagger whose network starts from a state that is made for a shape, like a tensor."""

    def start(rnn: Any, embedded: Any) -> Any:
        shape = (1 + rnn.bidirectional, len(embedded), rnn.hidden_size)
        return state_of(rnn, [make(shape, embedded)])

    runs = {f"self.rnn({one})": f"self.rnn({one}, start(self.rnn, embedded))" for one in branches}
    return edited(Tagger, runs, start=start)


def on_the_cpu(shape: tuple[int, ...], like: Any) -> Any:
    return torch.zeros(shape, dtype=like.dtype)


def going_on(self: Any, steps: Any, B: int, any_size: bool = False) -> Any:
    """Run from where the last call ended, if that had B sequences or may have had any number."""
    kept: Any = getattr(self, "kept", None)
    goes_on = kept is not None and (any_size or kept[0].shape[1] == B)
    state = state_of(self.rnn, [part[:, :B].contiguous() for part in kept]) if goes_on else None
    output, last = self.rnn(steps, state)
    self.kept = [part.detach() for part in tensors(last)]
    return output, last


change = partial(edited, Tagger)
keeping = partial(edited, Tagger, going_on=going_on)

SUPER = "super().__init__()"
EMBEDDED = "embedded = self.embedding(tokens)\n"
COUNTED = "lengths = tokens.ne(self.embedding.padding_idx).sum(1).clamp(min=1)\n"
LAST = "output[torch.arange(len(tokens)), -1 if lengths is None else lengths - 1]"
HALF = "output * (torch.arange(output.shape[-1]) % 2 == 0) if self.training else output"
MASKED = """if lengths is not None:
            logits = logits * (torch.arange(tokens.shape[1]) < lengths[:, None])[:, :, None]
        return logits"""
FC = "self.fc = nn.Linear(directions * hidden_size, num_tags)"
RENAMED = {
    "self.rnn = ": "self.lstm = ",
    "self.rnn(embedded)": "self.lstm(embedded)",
    "self.rnn(packed)": "self.lstm(packed)",
    "self.fc = ": "self.linear = ",
    "self.fc(": "self.linear(",
}
LISTED = {
    FC: f"{FC}\n        self.cells = [self.rnn]\n        del self.rnn",
    "self.rnn(embedded)": "self.cells[0](embedded)",
    "self.rnn(packed)": "self.cells[0](packed)",
}
KEPT = {
    "if lengths is None:": 'if lengths is None or hasattr(self, "kept"):',
    "self.rnn(embedded)": "going_on(self, embedded, len(tokens), any_size=True)",
}
KEPT_IF_EQUAL = {
    "self.rnn(embedded)": "going_on(self, embedded, len(tokens))",
    "self.rnn(packed)": "going_on(self, packed, len(tokens))",
}

PADDING = "Run one short sequence alone, and then with more and more padding: do its logits move?"
PARTS = "Print the model, and compare names and sizes of its layers with the docstring."
OUTPUT = "What leaves the last layer should be C scores per step, as they are."
ORDER = "Try three sequences of lengths 1, 3 and 2, and look at which row is whose."
TYPES = "What is the dtype and the device of every tensor that your forward makes?"
GRADIENT = "Which step of your forward cuts the graph?"
STATE = "What does your model keep in self during forward?"

wrong = Mistakes()
wrong.add(
    "without_lengths",
    but(Tagger, forward={"lengths": lambda _: None}),
    "the lengths are not used, and the backward half starts in the padding. " + PADDING,
)
wrong.add(
    "infers_lengths",
    change({EMBEDDED: f"{EMBEDDED}        {COUNTED}"}),
    "the lengths are counted from the tokens that are not padding_idx. What if the padding token stands inside a sequence?",
)
wrong.add(
    "infers_lengths_from_zeros",
    change({EMBEDDED: f"{EMBEDDED}        lengths = tokens.ne(0).sum(1).clamp(min=1)\n"}),
    "the lengths are counted from the tokens that are not 0. What if token 0 stands inside a sequence?",
)
wrong.add(
    "infers_missing_lengths",
    change({EMBEDDED: f"{EMBEDDED}        if lengths is None:\n            {COUNTED}"}),
    "lengths that are not given are counted from the tokens. What does lengths=None say about the steps?",
)
wrong.add(
    "shrinks",
    change({", total_length=tokens.shape[1]": ""}),
    "T shrinks to the longest sequence. Compare the shapes of tokens and logits where all sequences are padded.",
)
wrong.add(
    "lengths_not_moved",
    change({"lengths.cpu()": "lengths"}),
    "the lengths are handed to the packing on the device where they are. Read what the text says about lengths and the CPU.",
)


@wrong
class NeedsLengths(Tagger):
    """a call without lengths fails.
    What should happen if lengths is None?"""

    def forward(self, tokens, lengths):  # type: ignore[override]
        return super().forward(tokens, lengths.long())


wrong.family(
    ORDER,
    (
        "sorted_lengths_only",
        change({", enforce_sorted=False": ""}),
        "only batches that are sorted by length work",
    ),
    ("not_unsorted", sorting(lambda z, order: z), "the sequences come back sorted by length"),
    (
        "unsorted_with_the_same_order",
        sorting(lambda z, order: z[order]),
        "the sorting is done a second time in place of undone",
    ),
)
wrong.add(
    "batch_is_time",
    but(
        Tagger,
        forward={"tokens": torch.t, "lengths": lambda _: None},
        returns=lambda z: z.transpose(0, 1),
    ),
    "the network takes the batch for time. Which axis does nn.LSTM take for time if it is told nothing?",
)
wrong.add(
    "one_step_short",
    but(Tagger, forward={"lengths": lambda n: None if n is None else (n - 1).clamp(min=1)}),
    "the last token of each sequence is left out. How many steps are valid in a sequence of length n?",
)
wrong.add(
    "backward_first",
    change({"self.fc(output)": "self.fc(output.roll(self.rnn.hidden_size, -1))"}),
    "the backward half comes first. Which half of the network's output is which?",
)
wrong.add(
    "last_state_only",
    change({"(output)": f"({LAST})[:, None].expand(-1, tokens.shape[1], -1)"}),
    "every step gets the logits of the last state. Which states does the linear layer read?",
)
wrong.add(
    "one_row_per_sequence",
    change({"return logits": "return logits[:, -1]"}),
    "there is one row of logits per sequence. How many tags does a sequence of T tokens need?",
)
wrong.family(
    OUTPUT,
    (
        "probabilities",
        change({"return logits": "return logits.softmax(-1)"}),
        "a softmax stands at the end",
    ),
    (
        "log_probabilities",
        change({"return logits": "return logits.log_softmax(-1)"}),
        "a log-softmax stands at the end",
    ),
    (
        "predictions",
        change({"return logits": "return logits.argmax(-1)"}),
        "tags come out in place of logits",
    ),
    (
        "classes_first",
        change({"return logits": "return logits.transpose(1, 2)"}),
        "the classes stand before time",
    ),
    (
        "with_state",
        change({"return logits": "return logits, self.rnn(embedded)[1]"}),
        "the state comes out too",
    ),
)
wrong.family(
    GRADIENT,
    (
        "cut_embedding",
        change({"self.embedding(tokens)": "self.embedding(tokens).detach()"}),
        "no gradient reaches the embedding",
    ),
    (
        "cut_states",
        change({"self.fc(output)": "self.fc(output.detach())"}),
        "no gradient gets past the linear layer",
    ),
)
wrong.family(
    PARTS,
    (
        "squashed",
        change({"self.fc(output)": "self.fc(output.relu())"}),
        "a relu stands between the network and the linear layer",
    ),
    (
        "dropped",
        change({"self.fc(output)": f"self.fc({HALF})"}),
        "units are dropped in training mode",
    ),
    (
        "gru_for_rnn",
        change({'"rnn": nn.RNN': '"rnn": nn.GRU'}),
        "a GRU stands in for the plain RNN",
    ),
    (
        "always_one_way",
        change({SUPER: f"{SUPER}\n        bidirectional = False"}),
        "one direction reads, whatever is asked for",
    ),
    (
        "always_two_way",
        change({SUPER: f"{SUPER}\n        bidirectional = True"}),
        "two directions read, whatever is asked for",
    ),
    (
        "sizes_exchanged",
        change(
            {SUPER: f"{SUPER}\n        embedding_dim, hidden_size = hidden_size, embedding_dim"}
        ),
        "embedding_dim and hidden_size are exchanged",
    ),
    (
        "tags_for_tokens",
        change({SUPER: f"{SUPER}\n        vocab_size, num_tags = num_tags, vocab_size"}),
        "vocab_size and num_tags are exchanged",
    ),
    (
        "padding_token_fixed",
        change({"padding_idx=padding_idx": "padding_idx=0"}),
        "the padding token is 0 whatever padding_idx says",
    ),
    (
        "no_padding_token",
        change({", padding_idx=padding_idx": ""}),
        "the embedding is not told which token is padding",
    ),
    (
        "half_width",
        change({"directions * hidden_size": "hidden_size"}),
        "the linear layer reads H numbers although two directions give 2H",
    ),
    (
        "two_layers",
        change({"hidden_size, batch_first": "hidden_size, num_layers=2, batch_first"}),
        "the network has two layers",
    ),
    (
        "no_rnn_bias",
        change({"hidden_size, batch_first": "hidden_size, bias=False, batch_first"}),
        "the network has no biases",
    ),
    (
        "no_fc_bias",
        change({"hidden_size, num_tags)": "hidden_size, num_tags, bias=False)"}),
        "the linear layer has no bias",
    ),
    ("other_names", change(RENAMED), "the layers have other names"),
)
wrong.add(
    "always_lstm",
    change({"cells[cell]": "nn.LSTM"}),
    "the cell is an LSTM whatever is asked for. Which argument decides between nn.RNN, nn.GRU and nn.LSTM?",
)
wrong.add(
    "relu_cell",
    change({"nn.RNN,\n": 'partial(nn.RNN, nonlinearity="relu"),\n'}, partial=partial),
    "the plain RNN squashes with relu. Which squashing does nn.RNN use if it is told nothing?",
)
wrong.add(
    "padding_row_drawn_again",
    change({FC: f"{FC}\n        nn.init.normal_(self.embedding.weight)"}),
    "the embedding of the padding token is drawn at random like the others. Print the padding token's row of embedding.weight in a new model.",
)
wrong.add(
    "parts_in_a_list",
    change(LISTED),
    "the network stands in a Python list, where PyTorch does not find it. Print the names of model.parameters(): are those of the network there?",
)
wrong.family(
    STATE,
    ("state_kept", keeping(KEPT), "the state of one call is the start of the next"),
    (
        "state_kept_for_equal_batches",
        keeping(KEPT_IF_EQUAL),
        "the state of one call is the start of the next if the batch has the same size",
    ),
)
wrong.add(
    "starts_from_ones",
    starting(lambda shape, like: like.new_ones(shape), "embedded", "packed"),
    "the first state is not zero. What does nn.LSTM start from if it is given no state?",
)
wrong.family(
    TYPES,
    ("state_on_the_cpu", starting(on_the_cpu, "embedded"), "the first state is made on the CPU"),
    (
        "state_on_the_cpu_with_lengths",
        starting(on_the_cpu, "embedded", "packed"),
        "the first state of a batch that has lengths is made on the CPU",
    ),
    (
        "mask_on_the_cpu",
        change({"return logits": MASKED}),
        "a new tensor that is used where there are lengths is made on the CPU",
    ),
    (
        "state_in_float32",
        starting(lambda shape, like: torch.zeros(shape), "embedded", "packed"),
        "the first state is float32",
    ),
)

WIDER = "The batch may be wider than its longest sequence: T stays as it came in."
ZEROS = "Every call starts from a state of zeros."
PLACES = "New tensors need the inputs' device and dtype: a mask that of the lengths, a state that of the embedded tokens."
MOVED: dict[str, Any] = {"device": "accelerator", "property": PLACEMENT}

EXERCISE = Exercise(
    reference=Tagger,
    inputs=inputs,
    points=18,
    axes=SIZES,
    shapes={"inputs.0": "B T", "inputs.1": "B", "logits": "B T C", "probe": "B T C"},
    scenario=logits_and_gradients,
    view=view,
    cases=(
        Case(name="one direction", inputs=drawn(bidirectional=False)),
        Case(name="a GRU", inputs=drawn(cell="gru")),
        Case(name="a plain RNN", inputs=drawn(cell="rnn")),
        Case(name="a plain RNN in one direction", inputs=drawn(cell="rnn", bidirectional=False)),
        Case(name="no lengths", inputs=drawn(lengths=False)),
        Case(
            name="lengths=None, one direction",
            inputs=drawn(lengths=None, bidirectional=False, cell="gru"),
        ),
        Case(
            name="the default arguments",
            inputs=draws.by_default,
            why="With four arguments: an LSTM, one direction, padding token 0.",
        ),
        Case(name="arguments by name", inputs=draws.by_name),
        Case(name="padding for all", inputs=drawn(wider=3), why=WIDER),
        edge("padding for all, one direction", drawn(wider=2, bidirectional=False), WIDER),
        edge(
            "equal lengths",
            draws.equal_lengths,
            "Sequences of one length are padded too if the batch is wider.",
        ),
        edge(
            "another padding token",
            drawn(padding_idx=5, lengths=False),
            "The embedding must be told which token is padding.",
        ),
        edge(
            "evaluation mode",
            lambda rng: {**inputs(rng, **SIZES), "mode": "eval"},
            "This network does the same in training and in evaluation mode.",
        ),
        edge(
            "a new embedding of the padding token",
            lambda rng: {"init": [9, 4, 2, 6, "rnn", False, 5], "padding_idx": 5},
            "The embedding of the padding token starts at zero.",
            scenario=padding_row,
        ),
        *(
            edge(name, draw, ZEROS, scenario=two_batches)
            for name, draw in (
                ("another batch with the same tagger", draws.one_after_the_other),
                ("the same batch again", draws.the_same_again(lengths=False)),
                ("the same batch again, with lengths", draws.the_same_again(cell="gru")),
            )
        ),
        edge(
            "on an accelerator, no lengths",
            drawn(lengths=False, bidirectional=False),
            PLACES,
            **MOVED,
        ),
    ),
    mistakes=wrong,
    look=PADDING,
    when_right=(
        "Packing is one way. Another is to reverse each sequence within its own length, as in lab "
        "6, to run a second network over it and to turn its states back. Counting the tokens that "
        "are not padding looks clever, and cuts a sequence short as soon as that token stands "
        "inside it. The width has to be said too, for batches in which every sequence is padded. "
        "Next question: with one direction only, which logits would change if you did not pack at "
        "all?"
    ),
)
