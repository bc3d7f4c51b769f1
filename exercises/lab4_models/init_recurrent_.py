"""New values for the recurrent layers of a model, in place."""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from autograder.spec import PLACEMENT, Case, Exercise, Mistakes, but, edited
from exercises.lab4_models import _layers as draws
from exercises.lab4_models._draws import edge
from exercises.lab4_models._initial import initialised, looks
from exercises.lab4_models._layers import inputs, of
from solutions.lab4_models import init_recurrent_

change = partial(edited, init_recurrent_)
LAYERS = "(nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell, nn.LSTMCell)"
MODULES = "model.modules()"
CHECK = "if not isinstance(module, layers):"
DRAW = 'draw = nn.init.xavier_uniform_ if "_ih" in name else nn.init.orthogonal_'
BLOCKS = "values.split(H)"
VALUES = "values = parameter.detach()  # the same numbers, free to be written"
FORGET = "values[H : 2 * H] = forget_bias"
WHERE = 'if name.startswith("bias_ih") and isinstance(module, nn.LSTM | nn.LSTMCell):'
ZERO = "values.zero_()"
NAMED = "in module.named_parameters():"


def drawing(text: str) -> Any:
    """Another way of drawing a block, which is called `block`."""
    return change({DRAW: "", "draw(block)": text})


def choose(ih: str, hh: str) -> Any:
    """Other draws for input weights and recurrent weights."""
    return drawing(f'{ih} if "_ih" in name else {hh}')


def leaving_out(test: str) -> Any:
    """Leaves parameters alone for which a test is true."""
    return change({NAMED: f"{NAMED}\n            if {test}:\n                continue"})


def copied(values: Any, H: int) -> None:
    """The first block is drawn, and the others are made equal to it."""
    nn.init.orthogonal_(values[:H])
    for block in values.split(H)[1:]:
        block.copy_(values[:H])


wrong = Mistakes()

BLOCK = "Print the shape of the tensor whose rows and columns you count: how many gates are in it?"
wrong.family(
    BLOCK,
    (
        "stacked",
        change({BLOCKS: "[values]"}),
        "each stacked matrix is drawn as a whole, as if its gates were one",
    ),
    (
        "xavier_stacked",
        change({BLOCKS: '([values] if "_ih" in name else values.split(H))'}),
        "the input weights of all gates are drawn as one matrix",
    ),
    (
        "orthogonal_stacked",
        change({BLOCKS: '([values] if "_hh" in name else values.split(H))'}),
        "the recurrent weights of all gates are made one orthogonal matrix",
    ),
)
KIND = "Compare what you call for weight_ih and for weight_hh with the exercise."
wrong.family(
    KIND,
    (
        "xavier_normal",
        change({"nn.init.xavier_uniform_": "nn.init.xavier_normal_"}),
        "the input weights are drawn from a normal distribution",
    ),
    (
        "he_uniform",
        choose(
            "nn.init.kaiming_uniform_(block, nonlinearity='relu')", "nn.init.orthogonal_(block)"
        ),
        "the input weights are drawn as He proposed, for relu",
    ),
    (
        "gain_of_tanh",
        choose("nn.init.xavier_uniform_(block, gain=5 / 3)", "nn.init.orthogonal_(block)"),
        "the input weights are drawn with the gain of tanh",
    ),
    (
        "uniform_by_state",
        choose("block.uniform_(-(H**-0.5), H**-0.5)", "nn.init.orthogonal_(block)"),
        "the input weights are drawn as PyTorch does it by itself",
    ),
    (
        "orthogonal_everywhere",
        change({DRAW: "draw = nn.init.orthogonal_"}),
        "the input weights are orthogonal too",
    ),
    (
        "xavier_everywhere",
        change({DRAW: "draw = nn.init.xavier_uniform_"}),
        "the recurrent weights are Xavier uniform too",
    ),
    (
        "exchanged",
        change(
            {
                "xavier_uniform_ if": "orthogonal_ if",
                "else nn.init.orthogonal_": "else nn.init.xavier_uniform_",
            }
        ),
        "input weights and recurrent weights have changed places",
    ),
    (
        "small_orthogonal",
        choose("nn.init.xavier_uniform_(block)", "nn.init.orthogonal_(block, gain=0.5)"),
        "the recurrent weights are orthogonal up to a factor",
    ),
    (
        "identity",
        choose("nn.init.xavier_uniform_(block)", "nn.init.eye_(block)"),
        "the recurrent weights are the identity",
    ),
    ("input_left", leaving_out('"weight_ih" in name'), "the input weights stay as they were"),
    (
        "recurrent_left",
        leaving_out('"weight_hh" in name'),
        "the recurrent weights stay as they were",
    ),
    (
        "one_for_all_gates",
        change(
            {
                "for block in values.split(H):": 'if "_hh" in name:\n                    copied(values, H)\n                for block in values.split(H) if "_ih" in name else ():'
            },
            copied=copied,
        ),
        "one orthogonal matrix is drawn and stands in every gate",
    ),
)
BIASES = "Write down the four gates of an LSTM in PyTorch's order, and the sum of the two biases of each."
wrong.family(
    BIASES,
    ("biases_left", leaving_out('name.startswith("bias")'), "the biases stay as they were"),
    ("no_forget_bias", change({FORGET: "pass"}), "every bias is 0, those of the forget gates too"),
    (
        "in_both",
        change({'name.startswith("bias_ih") and isinstance': "isinstance"}),
        "both biases of the forget gate get forget_bias",
    ),
    ("input_gate", change({"[H : 2 * H]": "[:H]"}), "forget_bias stands at the input gate"),
    (
        "candidate",
        change({"[H : 2 * H]": "[2 * H : 3 * H]"}),
        "forget_bias stands at the candidate",
    ),
    ("output_gate", change({"[H : 2 * H]": "[3 * H :]"}), "forget_bias stands at the output gate"),
    ("every_gate", change({"[H : 2 * H]": "[:]"}), "every gate gets forget_bias"),
    (
        "always_one",
        change({FORGET: "values[H : 2 * H] = 1.0"}),
        "the forget gate gets 1, whatever forget_bias is",
    ),
    (
        "one_is_left",
        change({ZERO: 'values.zero_() if name.startswith("bias_ih") else None'}),
        "bias_hh stays as it was",
    ),
    (
        "the_first_unit",
        change({"[H : 2 * H]": "[H]"}),
        "one unit gets forget_bias in place of all",
    ),
    (
        "gru_too",
        change({" and isinstance(module, nn.LSTM | nn.LSTMCell)": " and len(values) > H"}),
        "a GRU gets forget_bias as well",
    ),
    (
        "not_in_cells",
        change({"nn.LSTM | nn.LSTMCell": "nn.LSTM"}),
        "the forget gate of an nn.LSTMCell gets no forget_bias",
    ),
    (
        "zero_by_default",
        but(init_recurrent_, defaults={"forget_bias": 0.0}),
        "forget_bias is 0 where the caller does not say",
    ),
)
WHICH = "Print the names of model.named_parameters() for a stack of two layers and two directions. Which of them does your loop change?"
wrong.family(
    WHICH,
    (
        "first_layer_only",
        leaving_out('"_l1" in name'),
        "only the first layer of a stack gets new values",
    ),
    (
        "one_direction_only",
        leaving_out('name.endswith("_reverse")'),
        "only the forward direction gets new values",
    ),
    (
        "whole_names",
        leaving_out('"_l0" in name and not name.endswith("_l0") or "_l1" in name'),
        "only names that end in _l0 are known",
    ),
)
OTHERS = "Which modules may change, and which not? Print isinstance(module, …) for each module of a model."
wrong.family(
    OTHERS,
    (
        "cells_left_out",
        change({LAYERS: "(nn.RNN, nn.GRU, nn.LSTM)"}),
        "nn.RNNCell, nn.GRUCell and nn.LSTMCell are passed over",
    ),
    ("lstm_only", change({LAYERS: "(nn.LSTM, nn.LSTMCell)"}), "only LSTMs get new values"),
    (
        "no_plain_rnn",
        change({LAYERS: "(nn.GRU, nn.LSTM, nn.GRUCell, nn.LSTMCell)"}),
        "plain RNNs are passed over",
    ),
    (
        "direct_parts",
        change({MODULES: "model.children()"}),
        "only the direct parts of the model are looked at",
    ),
    (
        "not_itself",
        change({MODULES: "list(model.modules())[1:]"}),
        "a model that is a recurrent layer itself is passed over",
    ),
)


@wrong
def by_name(model, forget_bias=1.0):
    """whatever is called like a weight of a recurrent layer gets new values.
    May another module have a parameter of such a name?"""
    init_recurrent_(model, forget_bias)
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if "_hh" in name and not isinstance(module, nn.RNNBase | nn.RNNCellBase):
                nn.init.orthogonal_(
                    parameter
                ) if parameter.dim() > 1 else parameter.detach().zero_()
    return model


def also(change_other: Callable[[str, Any], Any]) -> Any:
    """Changes parameters that belong to no recurrent layer as well."""

    def program(model, forget_bias=1.0):
        init_recurrent_(model, forget_bias)
        for module in model.modules():
            if not isinstance(module, nn.RNNBase | nn.RNNCellBase):
                for name, parameter in module.named_parameters(recurse=False):
                    change_other(name, parameter)
        return model

    return program


wrong.family(
    "Print the embedding of the padding token, and the bias of a linear layer, before and after the call.",
    (
        "every_matrix",
        also(lambda name, p: nn.init.xavier_uniform_(p) if p.dim() == 2 else None),
        "every matrix of the model gets new values, those of embeddings and linear layers too",
    ),
    (
        "every_bias",
        also(lambda name, p: p.detach().zero_() if "bias" in name else None),
        "every bias of the model is set to 0",
    ),
)
PLACE = "In place: the parameters are the same objects as before, with the requires_grad, dtype and device that they had."
wrong.family(
    PLACE,
    (
        "new_parameters",
        change(
            {
                "return model": "for module in model.modules():\n        for name, p in [*module._parameters.items()]:\n            if p is not None:\n                setattr(module, name, nn.Parameter(p.detach().clone(), p.requires_grad))\n    return model"
            }
        ),
        "the parameters are replaced by new ones",
    ),
    (
        "skips_frozen",
        leaving_out("not parameter.requires_grad"),
        "frozen parameters are passed over",
    ),
    (
        "unfreezes",
        change({"return model": "return model.requires_grad_(True)"}),
        "frozen parameters are trainable afterwards",
    ),
    (
        "freezes",
        change({VALUES: "values = parameter.requires_grad_(False)"}),
        "the recurrent layers are frozen afterwards",
    ),
    (
        "in_float32",
        change({"return model": "return model.float()"}),
        "the model is float32 afterwards, whatever it was",
    ),
)
wrong.add(
    "turns_gradients_off",
    change({"return model": "torch.set_grad_enabled(False)\n    return model"}),
    "gradients are off for everybody after the call. What does torch.is_grad_enabled() say after the call?",
)
wrong.add(
    "recorded",
    change({VALUES: "values = parameter"}),
    "parameters that require a gradient are written while gradients are recorded. Read the error, and think of torch.no_grad().",
)
wrong.add(
    "needs_biases",
    change({"H = module.hidden_size": "H = module.hidden_size\n        assert module.bias"}),
    "every layer is expected to have biases. What does nn.GRU(3, 4, bias=False) have?",
)
wrong.add(
    "seeds",
    change({"H = module.hidden_size": "torch.manual_seed(0)\n        H = module.hidden_size"}),
    "a seed is set inside. Call your function twice: are the weights the same?",
)
wrong.add(
    "nothing_returned",
    change({"return model": "return None"}),
    "nothing comes back. The model is due as the result.",
)
wrong.add(
    "a_copy",
    change({"layers = ": "model = __import__('copy').deepcopy(model)\n    layers = "}),
    "a copy of the model gets the new values. In place: who holds the model sees the new values.",
)


EXERCISE = Exercise(
    reference=init_recurrent_,
    inputs=inputs,
    points=20,
    scenario=initialised,
    view=looks,
    cases=(
        Case(name="a GRU", inputs=of("GRU")),
        Case(name="a plain RNN", inputs=of("RNN")),
        Case(
            name="a stack of LSTMs in two directions",
            inputs=of("LSTM stack"),
            why="Every layer and every direction has weights of its own.",
        ),
        Case(name="a stack of GRUs in two directions", inputs=of("GRU stack"), hidden=True),
        Case(
            name="single cells",
            inputs=of("LSTMCell", "GRUCell", "RNNCell"),
            why="Cells count as well; their parameters have no layer in their names.",
        ),
        Case(
            name="another forget bias",
            inputs=of("LSTM", "GRU", forget_bias=2.5),
            why="The two biases of the forget gate add up to forget_bias.",
        ),
        Case(
            name="a forget bias below zero", inputs=of("LSTMCell", forget_bias=-1.5), hidden=True
        ),
        edge("a forget bias of 0", of("LSTM", forget_bias=0.0), "Every bias is 0 then."),
        edge("a forget bias that is an int", of("LSTM", forget_bias=2), "A number is a number."),
        edge(
            "layers without biases",
            of("LSTM unbiased", "GRUCell unbiased", "RNN unbiased stack"),
            "With bias=False a layer has weights alone.",
        ),
        edge("a plain RNN with relu", of("RNN relu"), "An nn.RNN with relu is an nn.RNN."),
        edge(
            "a model that is partly frozen",
            draws.frozen,
            "Frozen parameters get new values and stay frozen.",
        ),
        edge("a model that is one layer", draws.alone, "A layer is a model too."),
        edge(
            "modules that are no recurrent layers",
            draws.among_others,
            "Nothing but nn.RNN, nn.GRU, nn.LSTM and their cells is touched.",
        ),
        edge(
            "a layer wider than its input",
            draws.wide,
            "Rows and columns differ here.",
            hidden=True,
        ),
        edge("layers of one unit", draws.one_unit, "A block of one row has its bound too."),
        edge("a float64 model", of("LSTM", "GRU", dtype="float64"), "The dtype stays as it was."),
        edge(
            "gradients switched off",
            of("LSTM", recording=False),
            "Called under torch.no_grad() it does the same.",
        ),
        edge(
            "a model on an accelerator",
            of("LSTM", "GRUCell"),
            "Stay where the parameters are.",
            device="accelerator",
            property=PLACEMENT,
        ),
    ),
    mistakes=wrong,
    look="Print name and shape of every parameter of nn.LSTM(4, 3), and mark the four gates.",
    when_right=(
        "Splitting a stack into blocks of H rows works for all three kinds of layer, since the "
        "number of gates follows from the shape. One call on the whole stack runs without an "
        "error and makes every gate about half as strong in an LSTM. Asking for the kind of a "
        "module is safer than for names, which others may use too. Next question: which gate of a "
        "GRU decides what is kept, and would a bias of 1 there keep more or less?"
    ),
)
