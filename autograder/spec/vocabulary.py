"""The vocabulary in which exercises are specified: Lab, Exercise, Case, Mistakes, Close.

A spec says what an entry point is tried on and what people get wrong; it holds no code that
judges. This module imports nothing of the project: workers that run references and mistakes are
sent its text.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np

Program = TypeVar("Program", bound=Callable[..., Any])
Inputs = Callable[..., Mapping[str, Any]]
"""Draws the arguments of one call, by name and in order: ``inputs(rng, **axes)``."""

PLACEMENT = "placement"
"""The property of cases that are about where tensors are."""


@dataclass(frozen=True, kw_only=True)
class Lab:
    """What the exercises of a lab share; stands as LAB in ``exercises/<lab>/__init__.py``.

    title: a heading.  arrays: what NumPy arrays of `inputs` become in the student's process.
    forbidden: packages that the lab is about doing without.  axes: words for axis letters of the
    lab's own, as in ``{"K": "horizon"}``; messages name axes with them.  hints: whether students'
    own checks help; without, as in an exam, they say what is right and name no mistake.  copied:
    the labs that its exercises are copies from; what it hands out of their solutions is no leak.
    """

    title: str
    arrays: Literal["numpy", "torch"]
    forbidden: tuple[str, ...] = ()
    axes: Mapping[str, str] = field(default_factory=dict)
    hints: bool = True
    copied: tuple[str, ...] = ()


@dataclass(frozen=True)
class Close:
    """Floats agree where |got − expected| ≤ atol + rtol·|expected|; all else must be equal.

    alike: lists and tuples may stand for each other, and an int for a float.  whole: numbers that
    are due as floats and are whole may stand in an array of integers.
    """

    rtol: float = 1e-6
    atol: float = 1e-8
    alike: bool = True
    whole: bool = False


@dataclass(frozen=True)
class Mistake:
    """A program that people with one known misconception write.

    name: a slug, unique in the exercise.  function: that program, called like the reference.
    when: completes "This is exactly what comes out when …".  look: a sentence that says where to
    look; neither gives the answer away.
    """

    name: str
    function: Callable[..., Any]
    when: str
    look: str


class Mistakes(list[Mistake]):
    '''The known mistakes of one exercise, in the order in which they stand in its spec.

    What is said about a mistake is one text, "when. look": up to the first full stop it completes
    "This is exactly what comes out when …", and the rest says where to look.  It is the docstring
    of a program that is written out, and an argument for one that is made from another::

        wrong = Mistakes()

        @wrong
        def always_from_h0(x, h0, W_xh, W_hh, b_h):
            """every step starts again from h0.
            Look at which h the second turn of your loop uses."""
            ...

        wrong.add("no_bias", but(rnn_forward, b_h=np.zeros_like), "the bias is left out. With …")
    '''

    def __call__(self, program: Program) -> Program:
        """Makes the function or class below a mistake, under its name in snake case."""
        name = program.__name__
        if inspect.isclass(program):
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        self.add(name, program, program.__doc__ or "")
        return program

    def family(self, look: str, *members: tuple[str, Callable[..., Any], str]) -> None:
        """Adds (name, program, when) that share where to look."""
        for name, program, when in members:
            self.append(Mistake(name, program, when, look))

    def add(self, name: str, program: Callable[..., Any], said: str) -> None:
        """Adds a program that is made from another, as with `but` or `edited`."""
        when, _, look = " ".join(said.split()).partition(". ")
        self.append(Mistake(name, program, when, look))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call and what about it is compared.

    name: completes "… on <name>" for a person, as in "one sample (batch 1)".
    inputs: draws the arguments from an rng; hidden cases draw anew for each student.
    value: whether it counts as a value case, without one of which an exercise earns nothing.
    raises, mentions: the exception that is due, and a word that its text must contain; other words
    that will do as well follow after a "|".
    dtype, layout: what the float arguments are cast to, and how they lie in memory ("C" in order,
    "mixed" with gaps or stored by columns).
    device: where tensors and modules live, "cpu", "accelerator" or "beside": on the CPU, and an
    accelerator is there too.  Without CUDA the accelerator is played, with real numbers.
    observe: what is compared: what was returned, or the arguments as the call left them.
    like: the name of the case whose draw it repeats; empty for a draw of its own.
    scenario: another way of using the entry point than the exercise's own; its result is compared
    as it is, without the exercise's view.
    why: one sentence that helps who fails here and made no known mistake.
    hidden: whether only the grader has it: more numbers of the same kind show a student nothing.
    property: what cases that are no value cases have in common, as in "placement": however many of
    one property fail, it takes points off once. Empty for one of its own, which for an exception
    that is due is its type and what it mentions.
    """

    name: str
    inputs: Inputs
    value: bool = True
    raises: type[Exception] | None = None
    mentions: str = ""
    dtype: str = "float64"
    layout: str = "C"
    device: Literal["cpu", "accelerator", "beside"] = "cpu"
    observe: Literal["result", "arguments"] = "result"
    like: str = ""
    close: Close | None = None
    scenario: Callable[..., Any] | None = None
    why: str = ""
    hidden: bool = False
    property: str = ""


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One entry point: what is asked, how it is tried, and what people get wrong.

    reference: the solution; its name is the entry point's name.
    inputs: draws arguments with all sizes different, non-zero states and biases, and asymmetric
    weights scaled to 1/√n; called as ``inputs(rng, **axes)``.
    axes: the default size of each axis letter.  Cases with B = 1 and T = 1 follow from them.
    shapes: axis letters of each argument and, under "return" or a key of the returned dict, of the
    result ("B T H"); messages name axes with them.
    parts: names for the items of a returned tuple, as in ("loss", "dy"), for messages.
    points: its weight; the weights of a lab are scaled so that they add up to 100.
    mistakes: a `Mistakes` list, or a tuple.
    cases: more cases than those every exercise gets by itself (`autograder.spec.cases`).
    without: names of automatic cases that apply and yet make no sense here.
    scenario: how the entry point is used in the worker, ``scenario(entry, **arguments)``; its text
    travels there, with the functions, classes, constants and imports of its own file that it
    names; None for a plain call.
    view: what of the result is compared, ``view(arguments, result)`` on plain arrays, where more
    than one answer is right; it travels likewise.  It runs beside the reference, never in the
    student's process.  Keys whose value is True are statements that should hold.
    Some keys of a result, of a scenario or a view, are told in words: "weights" and "gradients"
    (dicts by the names of parameters), "parameters" (the same, on the device "meta", for shapes
    alone), "modes" ("training" or "evaluation" by submodule, "model" the whole).
    stand_in: takes the place of a student's wrong function while later exercises are judged, where
    the judge cannot answer for it: it calls what only the program has, as a loss and an optimiser.
    For tensors with a graph, generators and modules of parameters the judge answers.  It runs in
    the student's worker, so it calls what a library has and keeps no secret; its text travels
    likewise, and `autograder verify` proves that it is right.
    styles: other right programs, where these ask other earlier functions than the reference does.
    While this exercise is judged, the judge answers for what the reference or one of them asks,
    and for nothing else: a forward pass is no answer to its own backward pass.
    forbidden: dotted names that earn nothing, as in "torch.nn.functional.one_hot".
    arrays: overrides the lab's.  training: a call may take 60 s in place of 10 s.
    look: where to look, for who made no known mistake.
    when_right: one paragraph for who has it right: a shorter way in words, why the traps are
    traps, and one question that leads on.  It travels to students, so it holds no solution.
    """

    reference: Callable[..., Any]
    inputs: Inputs
    points: float
    axes: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    mistakes: Sequence[Mistake] = ()
    cases: tuple[Case, ...] = ()
    without: frozenset[str] = frozenset()
    close: Close = Close()
    scenario: Callable[..., Any] | None = None
    view: Callable[..., Any] | None = None
    stand_in: Callable[..., Any] | None = None
    styles: Sequence[Callable[..., Any]] = ()
    forbidden: tuple[str, ...] = ()
    arrays: Literal["numpy", "torch"] | None = None
    training: bool = False
    look: str = ""
    when_right: str = ""

    @property
    def name(self) -> str:
        """The entry point's name."""
        return self.reference.__name__


def weights(rng: np.random.Generator, *shape: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Asymmetric float64 weights, scaled by 1/√n with n the first axis: nothing saturates."""
    return np.asarray(rng.standard_normal(shape) / np.sqrt(shape[0]))
