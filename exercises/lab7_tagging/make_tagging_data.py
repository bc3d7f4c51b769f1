"""Random tokens, tagged by a rule that is known."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from autograder.spec import Case, Exercise, Mistakes
from exercises.lab7_tagging._draws import NOTHING_MEASURED
from exercises.lab7_tagging._scenarios import with_generators
from solutions.lab7_tagging import make_tagging_data

Data = tuple[Tensor, Tensor]
BIG = {"num_sequences": 80, "seq_len": 50}


def inputs(rng: np.random.Generator, N: int, T: int, C: int) -> Mapping[str, Any]:
    return {
        "kind": "pair",
        "num_sequences": N,
        "seq_len": T,
        "num_tags": C,
        "seed": int(rng.integers(1, 2**31)),
    }


def with_changes(**changes: Any) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """The default draw with some arguments fixed."""
    return lambda rng: {**inputs(rng, N=6, T=11, C=4), **changes}


def view(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Shape and dtype, which rule the tags follow, and what the generators did to the tokens."""
    import torch

    tokens, tags = result["first"]
    num_tags = arguments["num_tags"]

    def described(tensor: torch.Tensor) -> str:
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
        "the global random numbers are left alone": bool(
            (result["before"] == result["after"]).all()
        ),
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


def tagged(kind: str, tokens: Tensor, num_tags: int) -> Data:
    before = F.pad(tokens, (1, 0))[:, :-1]
    sums = {"element": tokens, "pair": tokens + before, "running": tokens.cumsum(1)}
    if kind not in sums:
        raise ValueError(f"kind is {kind!r}")
    return tokens, sums[kind] % num_tags


def drawing(low: int, high: int) -> Callable[..., Data]:
    """Tokens from low to high − 1."""

    def changed(
        kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
    ) -> Data:
        shape = (num_sequences, seq_len)
        return tagged(kind, torch.randint(low, high, shape, generator=generator), num_tags)

    return changed


def adding_up(**sums: Callable[[Tensor], Tensor]) -> Callable[..., Data]:
    """Another sum of the tokens for some kinds."""

    def changed(
        kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
    ) -> Data:
        tokens, tags = make_tagging_data(kind, num_sequences, seq_len, num_tags, generator)
        return tokens, sums[kind](tokens) % num_tags if kind in sums else tags

    return changed


def global_random_numbers(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    return tagged(kind, torch.randint(1, 10, (num_sequences, seq_len)), num_tags)


def seeds_the_global_ones(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    torch.manual_seed(generator.initial_seed())
    return tagged(kind, torch.randint(1, 10, (num_sequences, seq_len)), num_tags)


def always_from_the_seed(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    own = Generator().manual_seed(generator.initial_seed())
    return make_tagging_data(kind, num_sequences, seq_len, num_tags, own)


def one_fixed_draw(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    return make_tagging_data(kind, num_sequences, seq_len, num_tags, Generator().manual_seed(0))


wrong = Mistakes()


@wrong
def one_sequence_for_all(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    """one sequence is drawn and repeated.
    Compare two rows of your tokens."""
    tokens = torch.randint(1, 10, (1, seq_len), generator=generator)
    return tagged(kind, tokens.repeat(num_sequences, 1), num_tags)


def zero_made_one(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    tokens = torch.randint(0, 10, (num_sequences, seq_len), generator=generator)
    return tagged(kind, tokens.clamp(min=1), num_tags)


@wrong
def time_first(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    """time comes first.
    Print the shape of what you return."""
    return make_tagging_data(kind, seq_len, num_sequences, num_tags, generator)


@wrong
def floats(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    """both tensors hold floats.
    Print the dtype of what you return."""
    tokens, tags = make_tagging_data(kind, num_sequences, seq_len, num_tags, generator)
    return tokens.float(), tags.float()


@wrong
def small_ints(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    """the tags are int32.
    Print the dtype of what you return."""
    tokens, tags = make_tagging_data(kind, num_sequences, seq_len, num_tags, generator)
    return tokens, tags.int()


@wrong
def tags_first(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    """the tags come first.
    Compare the order of what you return with the docstring."""
    tokens, tags = make_tagging_data(kind, num_sequences, seq_len, num_tags, generator)
    return tags, tokens


@wrong
def not_modulo(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    """the sums are not taken modulo num_tags.
    What is the largest tag that you may give?"""
    tokens, _ = make_tagging_data(kind, num_sequences, seq_len, num_tags, generator)
    return tagged(kind, tokens, 100_000)


@wrong
def always_three(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    """num_tags is not used.
    Which argument decides how many tags there are?"""
    return make_tagging_data(kind, num_sequences, seq_len, 3, generator)


def anything_else_is_running(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    known = kind if kind in ("element", "pair") else "running"
    return make_tagging_data(known, num_sequences, seq_len, num_tags, generator)


def unnamed_error(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    if kind not in ("element", "pair", "running"):
        raise ValueError("unknown")
    return make_tagging_data(kind, num_sequences, seq_len, num_tags, generator)


def key_error(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    if kind not in ("element", "pair", "running"):
        raise KeyError(kind)
    return make_tagging_data(kind, num_sequences, seq_len, num_tags, generator)


def step_by_step(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    if kind not in {"element", "pair", "running"}:
        raise ValueError(f"unknown kind: {kind}")
    tokens = torch.empty(num_sequences, seq_len, dtype=torch.long).random_(
        1, 10, generator=generator
    )
    tags = torch.empty_like(tokens)
    for row in range(num_sequences):
        total = 0
        for t in range(seq_len):
            token = int(tokens[row, t])
            total += token
            before = int(tokens[row, t - 1]) if t else 0
            tags[row, t] = {"element": token, "pair": token + before, "running": total}[
                kind
            ] % num_tags
    return tokens, tags


def by_multinomial(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    match kind:
        case "element" | "pair" | "running":
            pass
        case _:
            raise ValueError("kind: 'element', 'pair' or 'running'")
    chances = torch.ones(9)
    drawn = torch.multinomial(
        chances, num_sequences * seq_len, replacement=True, generator=generator
    )
    tokens = drawn.reshape(num_sequences, seq_len) + 1
    shifted = torch.cat([torch.zeros(num_sequences, 1, dtype=torch.long), tokens[:, :-1]], dim=1)
    if kind == "element":
        return tokens, tokens.remainder(num_tags)
    if kind == "pair":
        return tokens, (tokens + shifted).remainder(num_tags)
    return tokens, torch.cumsum(tokens, 1).remainder(num_tags)


def from_uniform_floats(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Any:
    tokens = (torch.rand(num_sequences, seq_len, generator=generator) * 9).long() + 1
    return list(tagged(kind, tokens, num_tags))


def numpy_from_the_generator(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: Generator
) -> Data:
    seed = int(torch.randint(2**40, (), generator=generator))
    tokens = np.random.default_rng(seed).integers(1, 10, (num_sequences, seq_len))
    return tagged(kind, torch.from_numpy(tokens), num_tags)


RANGE = "Draw a few thousand tokens and look at the smallest and the largest, and count each."
SUM = "Write tokens and tags of one short sequence below each other and add up by hand."
SOURCE = (
    "Where does each random number come from, and what happens to that source when it is used?"
)
ERROR = "Call the function with kind='other' and read what it says."

wrong.add("from_zero", drawing(0, 10), "0 is drawn too. " + RANGE)
wrong.add("up_to_eight", drawing(1, 9), "9 is never drawn. " + RANGE)
wrong.add("up_to_ten", drawing(1, 11), "10 is drawn too. " + RANGE)
wrong.add(
    "zero_made_one", zero_made_one, "one token is drawn twice as often as the others. " + RANGE
)
wrong.add(
    "global_random_numbers",
    global_random_numbers,
    "the tokens are drawn without the generator. " + SOURCE,
)
wrong.add(
    "seeds_the_global_ones",
    seeds_the_global_ones,
    "PyTorch's global random numbers are seeded. " + SOURCE,
)
wrong.add(
    "always_from_the_seed",
    always_from_the_seed,
    "each call starts again from the seed of the generator. " + SOURCE,
)
wrong.add(
    "one_fixed_draw",
    one_fixed_draw,
    "the tokens are the same whatever generator is handed in. " + SOURCE,
)
wrong.add(
    "wraps_round",
    adding_up(pair=lambda x: x + x.roll(1, 1)),
    "in 'pair' the first token is added to the last one. What stands before the first token, and which index did you use for it?",
)
wrong.add(
    "token_after",
    adding_up(pair=lambda x: x + F.pad(x, (0, 1))[:, 1:]),
    "'pair' adds the token after it. " + SUM,
)
wrong.add(
    "only_the_token_before",
    adding_up(pair=lambda x: F.pad(x, (1, 0))[:, :-1]),
    "'pair' leaves out the token itself. " + SUM,
)
wrong.add(
    "sum_before",
    adding_up(running=lambda x: x.cumsum(1) - x),
    "'running' leaves out the token itself. " + SUM,
)
wrong.add(
    "sum_over_sequences",
    adding_up(running=lambda x: x.cumsum(0)),
    "'running' adds up over the sequences. Which axis is time?",
)
wrong.add(
    "pair_is_running",
    adding_up(pair=lambda x: x.cumsum(1)),
    "'pair' adds up all tokens so far. " + SUM,
)
wrong.add(
    "element_from_zero",
    adding_up(element=lambda x: x - 1),
    "'element' takes the token minus one. " + SUM,
)
wrong.add(
    "anything_else_is_running",
    anything_else_is_running,
    "every other kind is taken for 'running'. " + ERROR,
)
wrong.add(
    "unnamed_error",
    unnamed_error,
    "the message of the ValueError does not say which argument is wrong. " + ERROR,
)
wrong.add("key_error", key_error, "another kind raises a KeyError. " + ERROR)


EXERCISE = Exercise(
    reference=make_tagging_data,
    inputs=inputs,
    points=8,
    axes={"N": 6, "T": 11, "C": 4},
    scenario=with_generators,
    view=view,
    without=NOTHING_MEASURED,
    cases=(
        Case(name="each token by itself", inputs=with_changes(kind="element")),
        Case(name="running sums", inputs=with_changes(kind="running")),
        Case(
            name="many tokens",
            inputs=with_changes(**BIG),
            why="Each of the tokens 1 to 9 should come up as often as the others.",
        ),
        Case(
            name="more tags than one token can give",
            value=False,
            inputs=with_changes(num_tags=15, kind="pair"),
            why="The sum is taken modulo num_tags, whatever that is.",
        ),
        Case(
            name="one sequence",
            inputs=with_changes(num_sequences=1),
            value=False,
            why="One sequence keeps its axis.",
        ),
        Case(
            name="a kind that does not exist",
            inputs=with_changes(kind="elements"),
            value=False,
            raises=ValueError,
            mentions="kind",
            why="Another kind is a ValueError that names kind.",
        ),
        Case(
            name="an empty kind",
            inputs=with_changes(kind=""),
            value=False,
            raises=ValueError,
            mentions="kind",
            why="Another kind is a ValueError that names kind.",
        ),
    ),
    mistakes=wrong,
    also_right=(step_by_step, by_multinomial, from_uniform_floats, numpy_from_the_generator),
    look=SUM,
)
