"""Greedy decoding, beam search and attention of lab 8: against other sums, and hand-ins unseen."""

from __future__ import annotations

import itertools
import json
import math
import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from exercises.lab8_seq2seq import _beam_draws, _greedy_draws, dot_attention
from exercises.lab8_seq2seq import greedy_decode as greedy
from exercises.lab8_seq2seq._decoding import decoded, playing, searched, step_of
from solutions import lab8_seq2seq as lab

RIGHT = Path(greedy.__file__).parent / "right"
PROGRAMS = sorted(RIGHT.glob("decoding_*.py"))


def tensors(tree: Any) -> Any:
    """The same with tensors for arrays."""
    if isinstance(tree, np.ndarray):
        return torch.from_numpy(tree)
    if isinstance(tree, tuple):
        return tuple(tensors(item) for item in tree)
    if isinstance(tree, dict):
        return {name: tensors(item) for name, item in tree.items()}
    return tree


def viewed(program: Any, draw: Any) -> dict[str, Any]:
    arguments = tensors(dict(draw))
    return greedy.view(arguments, decoded(program, **arguments))


def alike(a: Any, b: Any) -> bool:
    """Whether two views are the same."""
    return a.keys() == b.keys() and all(
        torch.equal(a[key], b[key]) if isinstance(a[key], torch.Tensor) else a[key] == b[key]
        for key in a
    )


@pytest.mark.parametrize("form", ["(B, H)", "(L, B, H)", "a tuple"])
def test_the_step_of_the_draws_is_the_step_that_travels(form: str) -> None:
    draw = _greedy_draws.drawn(_greedy_draws.anything, form=form)(np.random.default_rng(0))
    quick, parts = playing(draw)
    words, W_hh, W_hy, own, state = (
        tensors(draw[name]) for name in ("words", "W_hh", "W_hy", "own", "state")
    )
    step = step_of(words, W_hh, W_hy, own, [])
    for tokens in ([0, 4, 2], [1, 1, 3]):
        logits, state = step(torch.tensor(tokens), state)
        expected, parts = quick(np.array(tokens), parts)
        np.testing.assert_allclose(logits.numpy(), expected, rtol=1e-12, strict=True)


@pytest.mark.parametrize("seed", range(4))
def test_greedy_decoding_is_an_argmax_along_each_row_by_itself(seed: int) -> None:
    draw = _greedy_draws.drawn(_greedy_draws.spread)(np.random.default_rng(seed))
    arguments = tensors(dict(draw))
    end, n = draw["end_id"], draw["max_len"]
    result = decoded(lab.greedy_decode, **arguments)["result"]
    for row in range(3):
        alone = {
            **arguments,
            "own": arguments["own"][row : row + 1],
            "state": arguments["state"][:, row : row + 1],
        }
        said = decoded(lab.greedy_decode, **alone)["result"][0].tolist()
        assert result[row].tolist() == said + [end] * (result.shape[1] - len(said))
        assert said.index(end) == len(said) - 1 < n


def test_no_step_is_taken_once_all_have_ended_and_columns_behind_are_free() -> None:
    draw = _greedy_draws.drawn(_greedy_draws.spread)(np.random.default_rng(7))
    due = viewed(lab.greedy_decode, draw)
    assert due["steps taken"] == due["tokens"].shape[1] < draw["max_len"]

    def wide(step: Any, state: Any, start_id: int, end_id: int, max_len: int) -> Any:
        found = lab.greedy_decode(step, state, start_id, end_id, max_len)
        return torch.nn.functional.pad(found, (0, max_len - found.shape[1]), value=end_id)

    def too_wide(*given: Any) -> Any:
        return torch.nn.functional.pad(wide(*given), (0, 1), value=given[3])

    assert alike(viewed(wide, draw), due)
    assert not alike(viewed(too_wide, draw), due)
    assert alike(viewed(greedy.stand_in, draw), due)


def test_a_row_that_has_ended_may_be_fed_anything() -> None:
    draw = _greedy_draws.drawn(_greedy_draws.spread)(np.random.default_rng(9))

    def feeding_zeros(step: Any, state: Any, start_id: int, end_id: int, max_len: int) -> Any:
        over = torch.zeros(3, dtype=torch.bool)

        def fed(tokens: Any, state: Any) -> Any:
            nonlocal over
            logits, state = step(tokens.masked_fill(over, 0), state)
            over = over | (logits.argmax(-1) == end_id)
            return logits, state

        return lab.greedy_decode(fed, state, start_id, end_id, max_len)

    assert alike(viewed(feeding_zeros, draw), viewed(lab.greedy_decode, draw))


def every_sequence(draw: Any) -> tuple[float, list[int]]:
    """The likeliest finished sequence, by going through the product of all tokens."""
    arguments = tensors(dict(draw))
    step = step_of(*(arguments[name] for name in ("words", "W_hh", "W_hy", "own")), [])
    V, n = len(draw["words"]), draw["max_len"]
    best: tuple[float, list[int]] = (-math.inf, [])
    for tokens in itertools.product(range(V), repeat=n):
        if draw["end_id"] not in tokens:
            continue
        said = list(tokens[: tokens.index(draw["end_id"]) + 1])
        state, total = arguments["state"], 0.0
        for fed, token in zip([draw["start_id"], *said], said, strict=False):
            logits, state = step(torch.tensor([fed]), state)
            total += float(torch.log(torch.softmax(logits[0], 0)[token]))
        best = max(best, (total, said))
    return best


@pytest.mark.parametrize("seed", range(3))
def test_a_beam_for_all_sequences_finds_the_likeliest(seed: int) -> None:
    draw = _beam_draws.drawn(_beam_draws.all_of_them, V=3, max_len=4, beam=81)(
        np.random.default_rng(seed)
    )
    tokens, log_prob = decoded(lab.beam_search, **tensors(dict(draw)))["result"]
    total, said = every_sequence(draw)
    assert tokens == said
    assert log_prob == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_a_beam_of_one_is_greedy_decoding(seed: int) -> None:
    draw = _beam_draws.drawn(_beam_draws.anything, beam=1)(np.random.default_rng(seed))
    arguments = tensors(dict(draw))
    tokens, _ = decoded(lab.beam_search, **arguments)["result"]
    arguments.pop("beam")
    assert tokens == decoded(lab.greedy_decode, **arguments)["result"][0].tolist()


@pytest.mark.parametrize("accept", ["telling", "worse_finished", "none_finished", "late"])
def test_the_reference_finds_what_the_search_of_the_draws_finds(accept: str) -> None:
    draw = _beam_draws.drawn(getattr(_beam_draws, accept))(np.random.default_rng(3))
    tokens, log_prob = decoded(lab.beam_search, **tensors(dict(draw)))["result"]
    found = searched(draw)
    assert tuple(tokens) == found.best[1]
    assert log_prob == pytest.approx(found.best[0], abs=1e-9)
    assert type(log_prob) is float
    assert all(type(token) is int for token in tokens)


def test_what_is_not_kept_cannot_win_once_a_likelier_one_has_finished() -> None:
    """So a program may fill the places of those that ended, or extend them: nobody can tell."""
    places = {"best = sorted(extended, key=lambda one: -one[0])[:beam]": "best = filled(extended)"}
    from autograder.spec import edited

    for seed in range(20):
        draw = _beam_draws.drawn(_beam_draws.anything)(np.random.default_rng(seed))
        end, beam = draw["end_id"], draw["beam"]

        def filled(extended: Any, end: int = end, beam: int = beam) -> Any:
            ranked = sorted(extended, key=lambda one: -one[0])
            ended = [one for one in ranked[:beam] if one[1][-1] == end]
            return ended + [one for one in ranked if one[1][-1] != end][:beam]

        filling = edited(lab.beam_search, places, filled=filled)
        arguments = tensors(dict(draw))
        due = decoded(lab.beam_search, **arguments)["result"]
        assert decoded(filling, **arguments)["result"] == due


@pytest.mark.parametrize("seed", range(3))
def test_attention_is_a_weighted_mean_worked_out_number_by_number(seed: int) -> None:
    draw = dot_attention.inputs(np.random.default_rng(seed), 4, 6, 5, 3)
    context, weights = lab.dot_attention(**tensors(dict(draw)))
    for b in range(4):
        read = [t for t in range(6) if draw["mask"][b, t]]
        scores = [
            sum(draw["query"][b, h] * draw["keys"][b, t, h] for h in range(5)) / math.sqrt(5)
            for t in read
        ]
        odds = [math.exp(score) for score in scores]
        expected = np.zeros(6)
        expected[read] = np.array(odds) / sum(odds)
        np.testing.assert_allclose(weights[b].numpy(), expected, rtol=1e-9, strict=True)
        mean = sum(expected[t] * draw["values"][b, t] for t in range(6))
        np.testing.assert_allclose(context[b].numpy(), mean, rtol=1e-9, strict=True)


def test_attention_goes_with_its_steps_and_sees_nothing_behind_the_mask() -> None:
    draw = tensors(dict(dot_attention.inputs(np.random.default_rng(5), 4, 6, 5, 3)))
    context, weights = lab.dot_attention(**draw)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    moved = {name: value if name == "query" else value[:, order] for name, value in draw.items()}
    other, turned = lab.dot_attention(**moved)
    torch.testing.assert_close(other, context)
    torch.testing.assert_close(turned, weights[:, order])
    hidden = ~draw["mask"][:, :, None]
    loud = {**draw, "keys": draw["keys"] - 1e6 * hidden, "values": draw["values"] + 1e6 * hidden}
    for found, due in zip(lab.dot_attention(**loud), (context, weights), strict=True):
        torch.testing.assert_close(found, due)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_right_programs_agree_on_draws_of_their_own(path: Path) -> None:
    program = runpy.run_path(str(path))
    for seed in range(3):
        rng = np.random.default_rng(100 + seed)
        rows = _greedy_draws.drawn(_greedy_draws.some_never, form="a tuple")(rng)
        assert alike(viewed(program["greedy_decode"], rows), viewed(lab.greedy_decode, rows))
        one = tensors(dict(_beam_draws.drawn(_beam_draws.telling)(rng)))
        tokens, log_prob = decoded(program["beam_search"], **one)["result"]
        due, total = decoded(lab.beam_search, **one)["result"]
        assert tokens == due
        assert log_prob == pytest.approx(total, abs=1e-9)


def loader() -> str:
    """The demo cell that looks for other labs."""
    text = Path(lab.__file__).read_text(encoding="utf-8")
    (cell,) = re.findall(r'^# %% active="ipynb"\n# import ast\n.*?(?=^# %%)', text, re.M | re.S)
    lines = [re.sub(r"^# ?", "", line) for line in cell.splitlines()[1:]]
    return "\n".join(lines)


def found_by_the_loader(monkeypatch: Any, tmp_path: Path, files: dict[str, str]) -> Any:
    """What the loader gives for `double` of lab4_models, with these files around it."""
    here = tmp_path / "lab8_seq2seq"
    here.mkdir()
    for name, text in files.items():
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(here)
    names: dict[str, Any] = {}
    exec(compile(loader(), "loader", "exec"), names)
    return names["from_lab"]("lab4_models", "double", lambda f: f(2) == 4, "a stand-in")


GOOD = "import math\nTWO = 2\ndef double(x):\n    return TWO * x\n"
NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "source": ["def double"]},
            {"cell_type": "code", "source": ["%matplotlib inline\n", "def double(x): return 5"]},
            {"cell_type": "code", "source": ["raise SystemExit(1)\n", *GOOD.splitlines(True)]},
        ]
    }
)


@pytest.mark.parametrize(
    "files",
    [
        {"../lab4_models/lab4_models.ipynb": NOTEBOOK},
        {"../lab4_models/lab4_models.py": GOOD},
        {"lab4_models.py": GOOD},
        {"../lab4_models/lab4_models.ipynb": "not a notebook", "lab4_models.py": GOOD},
    ],
)
def test_the_loader_takes_the_students_own_function(
    monkeypatch: Any, tmp_path: Path, files: dict[str, str], capsys: Any
) -> None:
    found = found_by_the_loader(monkeypatch, tmp_path, files)
    assert found(21) == 42
    assert capsys.readouterr().out.startswith("double: yours, from ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def double(x):\n    raise NotImplementedError\n",
        "def double(x):\n    return 3\n",
        "def double(x):\n    raise SystemExit\n",
        "def double(:\n",
        "double = 3\n",
        "\0",
    ],
)
def test_the_loader_takes_a_stand_in_for_anything_else(
    monkeypatch: Any, tmp_path: Path, text: str, capsys: Any
) -> None:
    files = {"../lab4_models/lab4_models.py": text, "../lab4_models/lab4_models.ipynb": "[]"}
    assert found_by_the_loader(monkeypatch, tmp_path, files) == "a stand-in"
    assert "a stand-in does its work" in capsys.readouterr().out
