"""An encoder and a decoder put together: taught by force, and speaking by itself."""

import copy
from functools import partial
from typing import Any

from autograder.spec import PLACEMENT, Case, Exercise, Mistakes, but, edited
from exercises.lab8_seq2seq._models import asked_both_ways, edge
from exercises.lab8_seq2seq._pair_draws import SIZES, drawn, inputs, speaking, view
from exercises.lab8_seq2seq._pair_programs import (
    InALoop,
    OfTheWhole,
    cut,
    endless,
    one_decode,
    zeroed,
)
from solutions.lab8_seq2seq import Seq2Seq

change = partial(edited, Seq2Seq)
given = partial(but, Seq2Seq)

FORCED = "shift_right(targets, self.start_id), state"
STEP = "self.decoder(tokens[:, None], state)"
LAST = "return logits[:, -1], state"
GREEDY = "greedy_decode(step, state, self.start_id, self.end_id, max_len)"
NO_GRAD = "with torch.no_grad():\n            _"
FORWARD = (
    "_, state = self.encoder(src, lengths)\n        logits: Tensor = self.decoder("
    + FORCED
    + ")[0]\n        return logits"
)
SAYS = f"return {GREEDY}"
SUPER = "super().__init__()"


def forcing(text: str, **names: Any) -> Any:
    """Something else for what the decoder is fed in forward."""
    return change({FORCED: f"{text}, state"}, **names)


def answers(text: str, **names: Any) -> Any:
    """Something else for the tokens that come back; `all` holds them."""
    return change({SAYS: f"said = {GREEDY}\n            return {text}"}, **names)


LEAK = "Give it targets drawn at random, which nobody can foresee. What loss should it have, and which has it?"
STATE = "Swap the source for another one: do the logits change, and does what is generated?"
OWN = "What is the decoder fed at step 0, and what at step 1, if nobody gives it targets?"
ENDS = "Try rows of which one ends after two tokens and another one never: what stands in each column?"
ASIS = "Print the mode of the model, and torch.is_grad_enabled(), before and after a call of generate."
PARTS = "Print the model and the names of its parameters, and compare them with the docstring."
TWO = "Try a decoder whose state is a tuple of two tensors."

wrong = Mistakes()
wrong.family(
    LEAK,
    (
        "fed_the_targets",
        forcing("targets"),
        "the decoder is fed the very tokens that it should say",
    ),
    (
        "fed_the_next_targets",
        forcing("targets.roll(-1, 1)"),
        "the decoder is fed the targets one step early",
    ),
    (
        "fed_the_last_first",
        forcing("targets.roll(1, 1)"),
        "the decoder is fed the last target first",
    ),
)
wrong.family(
    "Which tokens is the decoder fed in forward?",
    (
        "end_for_start",
        forcing("shift_right(targets, self.end_id)"),
        "the decoder is fed end_id first and not start_id",
    ),
    ("zero_for_start", forcing("shift_right(targets, 0)"), "the decoder is fed 0 first"),
    (
        "shifted_twice",
        forcing("shift_right(shift_right(targets, self.start_id), self.start_id)"),
        "the targets are shifted by two steps",
    ),
    (
        "fed_its_own",
        change(
            {
                FORWARD: """_, state = self.encoder(src, lengths)
        fed, logits = targets.new_full((len(targets), 1), self.start_id), []
        for _ in range(targets.shape[1]):
            one, state = self.decoder(fed, state)
            fed = one.argmax(-1)
            logits.append(one)
        return torch.cat(logits, dim=1)"""
            }
        ),
        "the decoder is fed its own tokens in forward too",
    ),
    (
        "one_step_longer",
        forcing("torch.nn.functional.pad(targets, (1, 0), value=self.start_id)"),
        "the last target is fed too, so there is one step more",
    ),
    (
        "start_among_the_targets",
        change({"self.start_id), state)[0]": "self.start_id), state)[0][:, 1:]"}),
        "the logits of the first step are dropped",
    ),
)
wrong.family(
    STATE,
    (
        "state_unused",
        change({FORCED: "shift_right(targets, self.start_id), zeroed(state)"}, zeroed=zeroed),
        "the decoder starts from zeros in forward",
    ),
    (
        "state_unused_in_generate",
        change({GREEDY: GREEDY.replace("state", "zeroed(state)")}, zeroed=zeroed),
        "the decoder starts from zeros in generate",
    ),
    (
        "lengths_unused",
        change(
            {
                "def forward(self, src: Tensor, lengths: Tensor, targets: Tensor) -> Tensor:": "def forward(self, src, lengths, targets):\n        lengths = torch.full_like(lengths, src.shape[1])"
            }
        ),
        "the encoder is told in forward that every row is full",
    ),
    (
        "lengths_unused_in_generate",
        change(
            {
                "def generate(self, src: Tensor, lengths: Tensor, max_len: int) -> Tensor:": "def generate(self, src, lengths, max_len):\n        lengths = torch.full_like(lengths, src.shape[1])"
            }
        ),
        "the encoder is told in generate that every row is full",
    ),
    (
        "state_cut",
        change({FORCED: "shift_right(targets, self.start_id), cut(state)"}, cut=cut),
        "no gradient flows from the decoder back to the encoder",
    ),
)
wrong.family(
    TWO,
    (
        "first_part_only",
        change(
            {
                FORCED: "shift_right(targets, self.start_id), state[0][None] if isinstance(state, tuple) else state"
            }
        ),
        "of a state of two parts the first alone is handed over",
    ),
    (
        "detached_state",
        change({GREEDY: GREEDY.replace("state", "state.detach()")}),
        "generate treats the state as one tensor",
    ),
)
wrong.family(
    OWN,
    (
        "start_at_every_step",
        change({STEP: "self.decoder(torch.full_like(tokens[:, None], self.start_id), state)"}),
        "generate feeds start_id at every step",
    ),
    (
        "state_not_carried",
        change({"logits, state = self.decoder(tokens": "logits, _ = self.decoder(tokens"}),
        "every step of generate starts from the encoder's state",
    ),
    (
        "ends_for_start",
        change({GREEDY: GREEDY.replace("self.start_id", "self.end_id")}),
        "generate feeds end_id first and not start_id",
    ),
    (
        "least_likely",
        change({LAST: "return -logits[:, -1], state"}),
        "generate takes the worst token of each step",
    ),
    (
        "with_start",
        answers("torch.nn.functional.pad(said, (1, 0), value=self.start_id)"),
        "start_id stands in front of what is generated",
    ),
)


wrong.family(
    ENDS,
    (
        "never_ends",
        change({GREEDY: GREEDY.replace("greedy_decode", "endless")}, endless=endless),
        "a row goes on after its end_id",
    ),
    (
        "ends_with_the_first",
        change({GREEDY: GREEDY.replace("greedy_decode", "one_decode")}, one_decode=one_decode),
        "all rows stop as soon as one has ended",
    ),
    (
        "filled_with_start",
        answers("said.where((said == self.end_id).cumsum(1) <= 1, self.start_id)"),
        "start_id fills a row after its end",
    ),
    (
        "filled_with_zero",
        answers("said * ((said == self.end_id).cumsum(1) <= 1)"),
        "0 fills a row after its end",
    ),
    (
        "last_end_left_out",
        answers("said[:, : int((said != self.end_id).sum(1).max())]"),
        "the end_id of the row that ends last is left out",
    ),
    (
        "max_len_ignored",
        change({GREEDY: GREEDY.replace("max_len", "50")}),
        "generate goes on for 50 tokens whatever max_len is",
    ),
    (
        "one_more",
        change({GREEDY: GREEDY.replace("max_len", "max_len + 1")}),
        "generate takes one step more than max_len",
    ),
    (
        "one_less",
        change({GREEDY: GREEDY.replace("max_len", "max(1, max_len - 1)")}),
        "generate takes one step less than max_len",
    ),
)
wrong.family(
    ASIS,
    (
        "stays_in_eval_mode",
        change({NO_GRAD: f"self.eval()\n        {NO_GRAD}"}),
        "the model is in eval mode after generate",
    ),
    (
        "back_to_train_mode",
        answers("(self.train(), said)[1]"),
        "the model is in train mode after generate, whatever it was before",
    ),
    (
        "gradients_off",
        change({NO_GRAD: "torch.set_grad_enabled(False)\n        if True:\n            _"}),
        "gradients are off after generate",
    ),
)
wrong.family(
    "Compare shape and dtype of what you return with the docstring.",
    (
        "with_state",
        change({"return logits\n        ###": "return logits, state\n        ###"}),
        "forward returns the state too",
    ),
    ("probabilities", given(returns=lambda z: z.softmax(-1)), "forward returns probabilities"),
    ("said_tokens", given(returns=lambda z: z.argmax(-1)), "forward returns tokens"),
    ("float_tokens", answers("said.float()"), "the tokens are floats"),
    ("listed_tokens", answers("said.tolist()"), "generate returns lists"),
    ("steps_first", answers("said.T"), "generate returns the steps first and the rows second"),
)
wrong.family(
    PARTS,
    (
        "other_names",
        change(
            {
                "self.encoder = encoder": "self.enc = encoder",
                "self.decoder = decoder": "self.dec = decoder",
                "_, state = self.encoder(src, lengths)\n        logits: Tensor = self.decoder(": "_, state = self.enc(src, lengths)\n        logits: Tensor = self.dec(",
                STEP: STEP.replace("decoder", "dec"),
                "_, state = self.encoder(src, lengths)\n            return": "_, state = self.enc(src, lengths)\n            return",
            }
        ),
        "the parts have other names",
    ),
    (
        "copied_parts",
        change({"self.decoder = decoder": "self.decoder = copy.deepcopy(decoder)"}, copy=copy),
        "the decoder is copied",
    ),
    (
        "ids_exchanged",
        given(init={"start_id": lambda one: one + 1, "end_id": lambda one: one - 1}),
        "start_id and end_id are not those that were handed over",
    ),
    (
        "a_layer_more",
        change({SUPER: f"{SUPER}\n        self.bridge = nn.Linear(2, 2)"}),
        "there are parameters beside those of the two modules",
    ),
)
wrong.family(
    "On which device is every tensor that you make?",
    (
        "inputs_on_the_cpu",
        forcing(
            "torch.cat([torch.full((len(targets), 1), self.start_id), targets[:, :-1]], dim=1)"
        ),
        "the decoder's inputs are made on the CPU",
    ),
    (
        "tokens_on_the_cpu",
        change(
            {
                STEP: "self.decoder(torch.zeros(len(tokens), 1, dtype=torch.int64) + tokens[:, None], state)"
            }
        ),
        "the tokens that generate feeds are made on the CPU",
    ),
)


AS_IS = "generate leaves the mode of the model as it was."
WHERE = "Whatever you make has to be where the source is."

EXERCISE = Exercise(
    reference=Seq2Seq,
    styles=(InALoop, OfTheWhole),
    inputs=inputs,
    points=13,
    axes=SIZES,
    shapes={
        "inputs.0": "B S",
        "inputs.1": "B",
        "inputs.2": "B T",
        "result": "B T V",
        "probe": "B T V",
        "tokens": "B T",
    },
    scenario=asked_both_ways,
    view=view,
    cases=(
        Case(
            name="what it generates",
            inputs=speaking(ends=(2, 5)),
            why="generate starts from the encoder's state and from start_id, and feeds its own tokens.",
        ),
        Case(
            name="rows that do not end",
            inputs=speaking(ends=(3, 7), max_len=6),
            why="A row that has not ended has max_len tokens.",
        ),
        edge(
            "a state of two parts",
            drawn(parts=2),
            "The state goes from the encoder to the decoder as it is.",
        ),
        edge(
            "a state of two parts, generating",
            speaking(ends=(2, 4), parts=2),
            "The state goes from step to step as it is.",
        ),
        edge(
            "generating one token at most",
            speaking(ends=(1, 2), max_len=1),
            "With max_len = 1 one token is due.",
        ),
        edge(
            "rows that end at once",
            speaking(ends=(1, 1), max_len=3, B=2),
            "A row that ends at once has its end_id, and nothing else.",
        ),
        edge("generating for one row", speaking(ends=(4, 4), B=1), "One row has an axis too."),
        edge(
            "generating, arguments by name",
            speaking(ends=(2, 3), by_name=True),
            "The arguments have the names of the docstring.",
        ),
        edge("generating in train mode", speaking(ends=(1, 4), mode="train"), AS_IS),
        edge("generating in eval mode", speaking(ends=(1, 4), mode="eval"), AS_IS),
        edge(
            "generating a second time",
            speaking(ends=(2, 4), again=True),
            "Every call starts from the state of its own source.",
        ),
        edge(
            "generating on an accelerator",
            speaking(ends=(2, 4)),
            WHERE,
            device="accelerator",
            property=PLACEMENT,
        ),
    ),
    mistakes=wrong,
    look=OWN,
    when_right=(
        "Teaching and speaking use the same decoder and differ in who chooses its next input. "
        "Feeding the right tokens one by one through the step of generate would give the logits "
        "of forward, only more slowly. The state goes across as it is, so a tuple needs no code "
        "of its own. A with-block puts the gradient switch back, even after an error. Next "
        "question: the loss is made of the decoder's logits. Through which tensor do gradients "
        "reach the encoder?"
    ),
)
