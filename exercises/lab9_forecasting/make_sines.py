"""Sines whose frequencies and phases come from a generator."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import PLACEMENT, Case, Close, Exercise, Mistakes, but, edited, printed
from exercises.lab9_forecasting._draws import Draw, always, edge
from exercises.lab9_forecasting._scenarios import on_a_device, with_generators
from solutions.lab9_forecasting import make_sines


def inputs(rng: np.random.Generator, S: int, T: int) -> Mapping[str, Any]:
    return {"num": S, "length": T, "seed": int(rng.integers(1, 2**31))}


def sized(S: int, T: int) -> Draw:
    return partial(inputs, S=S, T=T)


F = "f = 1 + 3 * torch.rand(num, generator=generator, **new)"
PHI = "phi = torch.rand(num, generator=generator, **new)"
WAVE = "2 * math.pi * (f[:, None] * t / length + phi[:, None])"
ANGLES = "torch.sin(2"
T = "torch.arange(length, device=generator.device)"
FOR_F, FOR_PHI = (
    "3 * torch.rand(num, generator=generator",
    "phi = torch.rand(num, generator=generator",
)

changed = partial(edited, make_sines)


def wave(text: str) -> Any:
    return changed({WAVE: text})


def one_after_the_other(num: int, length: int, generator: torch.Generator) -> Any:
    """make_sines for one series after the other."""
    return torch.cat([make_sines(1, length, generator) for _ in range(num)])


def the_other_way_round(num: int, length: int, generator: torch.Generator) -> Any:
    pairs = torch.rand(num, 2, generator=generator)
    t = torch.arange(length)
    return torch.sin(2 * torch.pi * ((1 + 3 * pairs[:, :1]) * t / length + pairs[:, 1:]))


ORDER = "In which order are the numbers drawn, and how many calls of torch.rand does that take?"
ANGLE = "Set f = 1 and φ = 0: which value should stand at t = 0, which at t = length / 4?"
RANGE = "Between which bounds does f lie, and between which φ?"
SOURCE = (
    "Where does each random number come from, and what happens to that source when it is used?"
)
FORM = "Print the shape and the dtype of what you return."

wrong = Mistakes()
printed(wrong, make_sines)
wrong.family(
    ORDER,
    (
        "phases_first",
        changed({f"{F}\n    {PHI}": f"{PHI}\n    {F}"}),
        "the phases are drawn before the frequencies",
    ),
    ("in_pairs", the_other_way_round, "frequencies and phases are drawn in turns"),
    ("one_by_one", one_after_the_other, "the series are drawn one after the other"),
    (
        "one_number_for_both",
        changed({PHI: "phi = (f - 1) / 3"}),
        "frequency and phase come from the same random numbers",
    ),
    (
        "one_more",
        changed({PHI: f"{PHI}\n    torch.rand(1, generator=generator)"}),
        "more is drawn from the generator than frequencies and phases",
    ),
)
wrong.family(
    RANGE,
    (
        "f_from_zero",
        changed({F: "f = 3 * torch.rand(num, generator=generator, **new)"}),
        "f lies between 0 and 3",
    ),
    (
        "f_to_three",
        changed({F: "f = 1 + 2 * torch.rand(num, generator=generator, **new)"}),
        "f lies between 1 and 3",
    ),
    (
        "f_from_three",
        changed({F: "f = 3 + torch.rand(num, generator=generator, **new)"}),
        "f lies between 3 and 4",
    ),
    (
        "f_whole",
        changed({F: "f = (1 + 3 * torch.rand(num, generator=generator, **new)).floor()"}),
        "f is a whole number",
    ),
    (
        "f_normal",
        changed({F: "f = 1 + 3 * torch.randn(num, generator=generator, **new)"}),
        "f is drawn from a normal distribution",
    ),
    (
        "phi_in_radians",
        wave("2 * math.pi * f[:, None] * t / length + phi[:, None]"),
        "φ is added outside the 2π",
    ),
    (
        "phi_doubled",
        wave("2 * math.pi * (f[:, None] * t / length + 2 * math.pi * phi[:, None])"),
        "φ is multiplied by 2π twice",
    ),
    ("no_phase", wave("2 * math.pi * (f[:, None] * t / length)"), "φ is not used"),
    (
        "one_frequency",
        wave("2 * math.pi * (f[:1, None] * t / length + phi[:, None])"),
        "all series have the frequency of the first",
    ),
    (
        "one_phase",
        wave("2 * math.pi * (f[:, None] * t / length + phi[:1, None])"),
        "all series have the phase of the first",
    ),
)
wrong.family(
    ANGLE,
    ("cosine", changed({ANGLES: "torch.cos(2"}), "the waves are cosines"),
    ("without_two_pi", wave("f[:, None] * t / length + phi[:, None]"), "there is no 2π"),
    ("only_pi", wave("math.pi * (f[:, None] * t / length + phi[:, None])"), "there is π for 2π"),
    (
        "last_value_at_the_end",
        changed({T: "torch.linspace(0, length, length)"}),
        "the last value stands at t = length, so that the steps are a little too long",
    ),
    ("from_one", changed({T: "torch.arange(1, length + 1)"}), "t starts at 1"),
    (
        "not_divided",
        wave("2 * math.pi * (f[:, None] * t + phi[:, None])"),
        "t is not divided by the length",
    ),
    (
        "period_for_frequency",
        wave("2 * math.pi * (t / length / f[:, None] + phi[:, None])"),
        "f is taken for a period",
    ),
    (
        "phase_turned",
        wave("2 * math.pi * (f[:, None] * t / length - phi[:, None])"),
        "φ is subtracted",
    ),
    (
        "phase_as_time",
        wave("2 * math.pi * f[:, None] * (t / length + phi[:, None])"),
        "φ is multiplied by the frequency as well",
    ),
)
wrong.family(
    SOURCE,
    (
        "global_random_numbers",
        changed({FOR_F: "3 * torch.rand(num", FOR_PHI: "phi = torch.rand(num"}),
        "the generator is not used",
    ),
    (
        "phases_from_elsewhere",
        changed({PHI: "phi = torch.rand(num)"}),
        "the phases are drawn without the generator",
    ),
    (
        "always_from_the_seed",
        but(make_sines, generator=lambda g: torch.Generator().manual_seed(g.initial_seed())),
        "each call starts again from the seed of the generator",
    ),
    (
        "one_fixed_draw",
        but(make_sines, generator=lambda _: torch.Generator().manual_seed(0)),
        "the sines are the same whatever generator is handed in",
    ),
    (
        "global_seed",
        changed(
            {
                F: "torch.manual_seed(generator.initial_seed())\n    f = 1 + 3 * torch.rand(num)",
                PHI: "phi = torch.rand(num)",
            }
        ),
        "the seed of the generator is given to another one",
    ),
)
wrong.family(
    FORM,
    ("time_first", but(make_sines, returns=torch.t), "time comes first"),
    ("double", but(make_sines, returns=torch.Tensor.double), "the sines are float64"),
    (
        "drawn_in_double",
        changed(
            {FOR_F: f"{FOR_F}, dtype=torch.float64", FOR_PHI: f"{FOR_PHI}, dtype=torch.float64"}
        ),
        "the numbers are drawn in float64",
    ),
    (
        "an_axis_too_much",
        but(make_sines, returns=lambda x: x[..., None]),
        "there is an axis of size 1 at the end",
    ),
    (
        "as_numpy",
        but(make_sines, returns=lambda x: x.numpy(force=True)),
        "an array of NumPy's comes back",
    ),
)
wrong.add(
    "time_on_the_cpu",
    changed({T: "torch.arange(length)"}),
    "the times are on the CPU, wherever the generator is. On which device does torch.arange make its tensor?",
)
wrong.add(
    "drawn_on_the_cpu",
    changed({F: F.replace(", **new", ""), PHI: PHI.replace(", **new", "")}),
    "the numbers are drawn on the CPU, wherever the generator is. On which device does torch.rand draw?",
)
wrong.add(
    "brought_to_the_cpu",
    but(make_sines, returns=torch.Tensor.cpu),
    "the sines are brought to the CPU at the end. Where should they be?",
)


EXERCISE = Exercise(
    reference=make_sines,
    inputs=inputs,
    points=10,
    axes={"S": 5, "T": 17},
    shapes={"first": "S T", "next": "S T"},
    scenario=with_generators,
    close=Close(rtol=0.0, atol=1e-4),
    cases=(
        Case(name="many series", inputs=sized(40, 30)),
        edge(
            "a generator on an accelerator",
            always(num=4, length=6, device="cuda"),
            "torch.rand and torch.arange need the device of the generator.",
            scenario=on_a_device,
            device="accelerator",
            property=PLACEMENT,
        ),
    ),
    mistakes=wrong,
    look=ANGLE,
    when_right=(
        "Frequencies and phases as columns and time as a row: broadcasting makes all series at "
        "once. The order of the draws matters: the same generator gives other sines when the "
        "phases come first, or when series are drawn one by one. t stops one short of the length: "
        "with f = 1 the next value would be the first again. Next question: sines with f = 2 and "
        "f = 2.1 start alike. How far apart are their phases after 30 of 60 values, and how far "
        "after 300?"
    ),
)
