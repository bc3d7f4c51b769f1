"""Random tokens, tagged by a rule that is known."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab7_tagging._draws import Draw, edge
from exercises.lab7_tagging._scenarios import with_generators
from solutions.lab7_tagging import make_tagging_data


def inputs(rng: np.random.Generator, N: int, T: int, C: int) -> Mapping[str, Any]:
    sizes = {"num_sequences": N, "seq_len": T, "num_tags": C}
    return {"kind": "pair", **sizes, "seed": int(rng.integers(1, 2**31))}


def with_changes(**changes: Any) -> Draw:
    """The default draw with some arguments fixed."""
    return lambda rng: {**inputs(rng, N=6, T=11, C=4), **changes}


def view(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Shape and dtype, which rule the tags follow, and what the generators did to the tokens."""
    tokens, tags = result["first"]
    num_tags = arguments["num_tags"]

    def described(tensor: Tensor) -> str:
        return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"

    def equal(one: str, other: str) -> bool:
        return all(
            a.shape == b.shape and bool((a == b).all())
            for a, b in zip(result[one], result[other], strict=True)
        )

    before, after = torch.zeros_like(tokens), torch.zeros_like(tokens)
    before[:, 1:] = tokens[:, :-1]
    after[:, :-1] = tokens[:, 1:]
    rules = {
        "element": tokens,
        "pair": tokens + before,
        "running": tokens.cumsum(1),
        "pair, with the last token before the first": tokens + tokens.roll(1, 1),
        "pair, with the token after it": tokens + after,
        "the token before": before,
        "running, without the token itself": tokens.cumsum(1) - tokens,
        "running, over the sequences": tokens.cumsum(0),
        "the token minus one": tokens - 1,
    }
    asked = arguments["kind"]
    shapes = {"tokens": described(tokens), "tags": described(tags)}
    if tags.shape != tokens.shape:
        return shapes
    right = bool((tags == rules[asked] % num_tags).all())
    known = (name for name, total in rules.items() if bool((tags == total % num_tags).all()))
    rule = asked if right else next(known, "no rule that is known here")
    facts: dict[str, Any] = {
        **shapes,
        "the smallest token is 1 or more": int(tokens.min()) >= 1,
        "the largest token is 9 or less": int(tokens.max()) <= 9,
        "the tags are 0 or more and below num_tags": bool(((tags >= 0) & (tags < num_tags)).all()),
        "rule of the tags": rule,
        "the same state gives the same data": equal("first", "twin"),
    }
    if tokens.numel() >= 40:
        facts["a second call with the same generator draws new data"] = not equal("first", "next")
        facts["another state of the generator gives other data"] = not equal("first", "moved")
        facts["another seed gives other data"] = not equal("first", "other")
        facts["the sequences are not all alike"] = (
            bool((tokens != tokens[:1]).any()) or len(tokens) < 2
        )
    if tokens.numel() >= 2000:
        shares = [float((tokens == token).double().mean()) for token in range(1, 10)]
        facts["each of the tokens 1 to 9 occurs"] = min(shares) > 0
        facts["each of the tokens 1 to 9 is as frequent as the others"] = all(
            abs(share - 1 / 9) < 0.035 for share in shares
        )
    return facts


changed = partial(edited, make_tagging_data)
given = partial(but, make_tagging_data)

KINDS = ("element", "pair", "running")
DRAW = "tokens = torch.randint("
SIZE = "(num_sequences, seq_len)"
GENERATOR = ", generator=generator, device=generator.device"
RULES = 'if kind == "element":'
BEFORE = "F.pad(tokens, (1, 0))[:, :-1]"
TEXT = "f\"kind must be 'element', 'pair' or 'running', not {kind!r}\""
REPEATED = {SIZE: "(1, seq_len)", RULES: f"tokens = tokens.repeat(num_sequences, 1)\n    {RULES}"}

RANGE = "Draw a few thousand tokens and look at the smallest and the largest, and count each."
SUM = "Write tokens and tags of one short sequence below each other and add up by hand."
SOURCE = (
    "Where does each random number come from, and what happens to that source when it is used?"
)
ERROR = "Call the function with kind='other' and read what it says."
DTYPE = "Print the dtype of what you return."

wrong = Mistakes()
printed(wrong, make_tagging_data)
wrong.family(
    RANGE,
    ("from_zero", changed({"1, 10,": "0, 10,"}), "0 is drawn too"),
    ("up_to_eight", changed({"1, 10,": "1, 9,"}), "9 is never drawn"),
    ("up_to_ten", changed({"1, 10,": "1, 11,"}), "10 is drawn too"),
    (
        "zero_made_one",
        changed({"1, 10,": "0, 10,", RULES: f"tokens = tokens.clamp(min=1)\n    {RULES}"}),
        "one token is drawn twice as often as the others",
    ),
)
wrong.add(
    "one_sequence_for_all",
    edited(make_tagging_data, REPEATED),
    "one sequence is drawn and repeated. Compare two rows of your tokens.",
)
wrong.family(
    SOURCE,
    (
        "global_random_numbers",
        changed({GENERATOR: ""}),
        "the tokens are drawn without the generator",
    ),
    (
        "always_from_the_seed",
        given(generator=lambda g: Generator().manual_seed(g.initial_seed())),
        "each call starts again from the seed of the generator",
    ),
    (
        "one_fixed_draw",
        given(generator=lambda _: Generator().manual_seed(0)),
        "the tokens are the same whatever generator is handed in",
    ),
)
wrong.add(
    "time_first",
    edited(make_tagging_data, {SIZE: "(seq_len, num_sequences)"}),
    "time comes first. Print the shape of what you return.",
)
wrong.family(
    DTYPE,
    (
        "floats",
        changed(
            {"return tokens, sums % num_tags": "return tokens.float(), (sums % num_tags).float()"}
        ),
        "both tensors hold floats",
    ),
    (
        "small_ints",
        changed({"return tokens, sums % num_tags": "return tokens, (sums % num_tags).int()"}),
        "the tags are int32",
    ),
)
wrong.add(
    "tags_first",
    given(returns=lambda data: data[::-1]),
    "the tags come first. Compare the order of what you return with the docstring.",
)
wrong.add(
    "not_modulo",
    edited(make_tagging_data, {"sums % num_tags": "sums"}),
    "the sums are not taken modulo num_tags. What is the largest tag that you may give?",
)
wrong.add(
    "always_three",
    given(num_tags=lambda _: 3),
    "num_tags is not used. Which argument decides how many tags there are?",
)
wrong.add(
    "wraps_round",
    edited(make_tagging_data, {BEFORE: "tokens.roll(1, 1)"}),
    "in 'pair' the first token is added to the last one. What stands before the first token, and which index did you use for it?",
)
wrong.add(
    "sum_over_sequences",
    edited(make_tagging_data, {"dim=1": "dim=0"}),
    "'running' adds up over the sequences. Which axis is time?",
)
wrong.family(
    SUM,
    (
        "token_after",
        changed({BEFORE: "F.pad(tokens, (0, 1))[:, 1:]"}),
        "'pair' adds the token after it",
    ),
    (
        "only_the_token_before",
        changed({"tokens + before": "before"}),
        "'pair' leaves out the token itself",
    ),
    (
        "pair_is_running",
        changed({"tokens + before": "tokens.cumsum(dim=1)"}),
        "'pair' adds up all tokens so far",
    ),
    (
        "sum_before",
        changed({"cumsum(dim=1)": "cumsum(dim=1) - tokens"}),
        "'running' leaves out the token itself",
    ),
    (
        "element_from_zero",
        changed({"sums = tokens\n": "sums = tokens - 1\n"}),
        "'element' takes the token minus one",
    ),
)
wrong.family(
    ERROR,
    (
        "anything_else_is_running",
        given(kind=lambda kind: kind if kind in KINDS else "running"),
        "every other kind is taken for 'running'",
    ),
    (
        "unnamed_error",
        changed({TEXT: '"unknown"'}),
        "the message of the ValueError does not say which argument is wrong",
    ),
    (
        "key_error",
        changed({f"ValueError({TEXT})": "KeyError(kind)"}),
        "another kind raises a KeyError",
    ),
)

NAMED = "Another kind is a ValueError that names kind."
REFUSED: Any = {"raises": ValueError, "mentions": "kind"}

EXERCISE = Exercise(
    reference=make_tagging_data,
    inputs=inputs,
    points=8,
    axes={"N": 6, "T": 11, "C": 4},
    scenario=with_generators,
    view=view,
    cases=(
        Case(name="each token by itself", inputs=with_changes(kind="element")),
        Case(name="running sums", inputs=with_changes(kind="running")),
        Case(
            name="many tokens",
            inputs=with_changes(num_sequences=80, seq_len=50),
            why="Each of the tokens 1 to 9 should come up as often as the others.",
        ),
        edge(
            "more tags than one token can give",
            with_changes(num_tags=15),
            "The sum is taken modulo num_tags, whatever that is.",
        ),
        edge("one sequence", with_changes(num_sequences=1), "One sequence keeps its axis."),
        edge("a kind that does not exist", with_changes(kind="elements"), NAMED, **REFUSED),
        edge("an empty kind", with_changes(kind=""), NAMED, **REFUSED),
    ),
    mistakes=wrong,
    look=SUM,
    when_right=(
        "There are other ways to a pair: a running sum minus the running sum two steps before is "
        "the sum of the last two tokens. A roll by one step is nearly right, but it brings the "
        "last token round to the front; index −1 does the same without a word. And the upper end "
        "of torch.randint is not included. Next question: a network that sees the last two tokens "
        "only can learn two of the three rules. Which two, and what does the third one need?"
    ),
)
