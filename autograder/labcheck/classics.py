"""What a function's own text shows of slips that everybody makes, told where a check fails.

Each sentence is true of the text, whatever the function is called with; a slip that cannot be
seen for sure is not told.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .compare import Path, at
from .explain import AXES, where
from .tree import Array, Tree
from .verdict import Trial

Function = ast.FunctionDef | ast.AsyncFunctionDef
MOST_AXES = 4
SHALLOW = ("dict", "list", "OrderedDict")
OPERATORS = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}


def noticed(entry: Callable[..., Any], trials: Sequence[Trial], parts: Sequence[str] = ()) -> str:
    """The first slip that the text of a wrong function shows; nothing where there is none.

    parts: what the items of a tuple that is due are called.
    """
    failed = next((trial for trial in trials if not trial.passed), None)
    function = _text_of(entry)
    if failed is None:
        return ""
    found = [_not_one_number(trials, parts), _reshaped(trials)]
    if function is not None and failed.question.value and failed.got.did == "result":
        found += [*_returns_in_loops(function), *_loops_over_samples(function, failed)]
    if function is not None:
        found += _changed_by(function, trials)
    return next(filter(None, found), "")


NO_TEXT = (OSError, TypeError, SyntaxError, ValueError, tokenize.TokenError)
"""What `inspect` raises where the text of a function cannot be had, as in a file cut off."""


def _text_of(entry: Callable[..., Any]) -> Function | None:
    """The tree of a function's own text, with the line numbers of its file."""
    try:
        lines, first = inspect.getsourcelines(inspect.unwrap(entry))
        module = ast.parse(textwrap.dedent("".join(lines)))
    except NO_TEXT:
        return None
    ast.increment_lineno(module, max(first, 1) - 1)
    node = module.body[0] if module.body else None
    return node if isinstance(node, Function) else None


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function, and not in functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.ClassDef | ast.Lambda):
            yield child
            yield from _walk(child)


# -- loops ---------------------------------------------------------------------------------------


def _returns_in_loops(function: Function) -> Iterator[str]:
    """A return that ends a loop in its first turn."""
    for loop in _walk(function):
        if not isinstance(loop, ast.For | ast.While):
            continue
        skips = any(isinstance(node, ast.Continue) for node in _walk(loop))
        for statement in loop.body:
            if isinstance(statement, ast.Return) and not skips:
                yield (
                    f"The return in line {statement.lineno} stands inside the loop of line "
                    f"{loop.lineno}, which so ends in its first turn."
                )


def _loops_over_samples(function: Function, trial: Trial) -> Iterator[str]:
    """A loop over axis 0 of an argument whose axis 1 is time, and none over anything else."""
    loops = [node for node in _walk(function) if isinstance(node, ast.For)]
    if len(loops) != 1 or any(isinstance(node, ast.While) for node in _walk(function)):
        return
    sizes = dict(_first_sizes(function))
    for name, value in trial.question.arguments.items():
        letters = trial.question.shapes.get(name, "").split()
        known = isinstance(value, Array) and len(letters) == value.values.ndim
        if not known or letters[:2] != ["B", "T"] or name in _bound(function):
            continue
        if _goes_over(loops[0].iter, name, sizes):
            yield (
                f"The loop of line {loops[0].lineno} goes over the samples: "
                f"axis 0 of {name} is {AXES['B']}, axis 1 is {AXES['T']}."
            )


def _bound(function: Function) -> set[str]:
    """The names that a function binds itself."""
    return {
        node.id
        for node in _walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _first_sizes(function: Function) -> Iterator[tuple[str, str]]:
    """Names that are bound once, to the first size of an argument: (B, "x") of B, T = x.shape."""
    stored = [
        node.id
        for node in _walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    for node in _walk(function):
        if not isinstance(node, ast.Assign):
            continue
        target, owner = node.targets[0], None
        if isinstance(target, ast.Tuple) and target.elts:
            target, owner = target.elts[0], _shape_of(node.value)
        elif isinstance(target, ast.Name):
            owner = _first_size(node.value)
        if isinstance(target, ast.Name) and owner and stored.count(target.id) == 1:
            yield target.id, owner


def _shape_of(node: ast.expr) -> str | None:
    """ "x" of x.shape."""
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr="shape"):
            return name
    return None


def _first_size(node: ast.expr) -> str | None:
    """ "x" of x.shape[0], x.size(0) and len(x)."""
    match node:
        case ast.Subscript(value=owner, slice=ast.Constant(value=0)):
            return _shape_of(owner)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=name), attr="size"), args=[ast.Constant(value=0)]
        ):
            return name
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
            return name
    return None


def _goes_over(node: ast.expr, name: str, sizes: Mapping[str, str]) -> bool:
    """Whether what a loop goes over is the first axis of an argument."""
    match node:
        case ast.Name(id=other):
            return other == name
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner]):
            return _goes_over(inner, name, sizes)
        case ast.Call(func=ast.Name(id="range"), args=[ast.Name(id=size)]):
            return sizes.get(size) == name
        case ast.Call(func=ast.Name(id="range"), args=[inner]):
            return _first_size(inner) == name
    return False


# -- arguments that are changed ------------------------------------------------------------------


def _changed_by(function: Function, trials: Sequence[Trial]) -> Iterator[str]:
    """A statement that changes an argument, where a case found one changed; that one first."""
    for trial in trials:
        if trial.question.observe == "arguments" and not trial.passed and trial.mismatch:
            texts = list(_changes(function, trial.question.arguments))
            name = trial.mismatch.path[0] if trial.mismatch.path else ""
            yield from (text for owner, text in texts if owner == name)


def _changes(function: Function, arguments: Mapping[str, Tree]) -> Iterator[tuple[str, str]]:
    """The statements that change what belongs to the caller: the argument, and a sentence."""
    containers = {name for name, value in arguments.items() if _holds_arrays(value)}
    arrays = {name for name, value in arguments.items() if isinstance(value, Array)}
    copies = {
        node.targets[0].id: (node, owner)
        for node in _walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and (owner := _shallow(node.value)) in containers
    }
    bound = _bound(function)
    items = {
        name: owner
        for loop in _walk(function)
        if isinstance(loop, ast.For)
        for name, owner in _items(loop, containers - bound)
    }
    for node in _walk(function):
        if not isinstance(node, ast.AugAssign) or type(node.op) not in OPERATORS:
            continue
        sign, target = OPERATORS[type(node.op)], node.target
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            owner = target.value.id
            if owner in copies:
                copy, original = copies[owner]
                yield (
                    original,
                    (
                        f"{ast.unparse(copy.value)} in line {copy.lineno} copies no array: "
                        f"{owner} and {original} hold the same ones, and {sign} in line "
                        f"{node.lineno} changes them in place."
                    ),
                )
            elif owner in (containers | arrays) - bound:
                yield owner, f"{sign} in line {node.lineno} changes {owner} itself."
        elif isinstance(target, ast.Name) and target.id in items:
            yield (
                items[target.id],
                (
                    f"{sign} in line {node.lineno} changes in place the array that {target.id} "
                    f"is: {target.id} = {target.id} {sign[0]} … makes a new one."
                ),
            )
        elif isinstance(target, ast.Name) and target.id in arrays and _only(function, target.id):
            yield (
                target.id,
                (
                    f"{sign} in line {node.lineno} changes {target.id} itself, which is the "
                    f"caller's: {target.id} = {target.id} {sign[0]} … makes a new array."
                ),
            )


def _holds_arrays(value: Tree) -> bool:
    """Whether a value is a dict or list of nothing but arrays."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return bool(items) and all(isinstance(item, Array) for item in items)


def _only(function: Function, name: str) -> bool:
    """Whether a name is bound by nothing but statements like name += …."""
    changed = {
        id(node.target)
        for node in _walk(function)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    return not any(
        isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Store)
        and id(node) not in changed
        for node in _walk(function)
    )


def _shallow(node: ast.expr) -> str | None:
    """The name of which an expression makes a copy that holds the same arrays."""
    match node:
        case ast.Call(func=ast.Name(id=kind), args=[ast.Name(id=name)]) if kind in SHALLOW:
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="copy"), args=[]):
            return None if name == "copy" else name
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="copy"), attr="copy"), args=[ast.Name(id=name)]
        ):
            return name
        case ast.Dict(keys=[None], values=[ast.Name(id=name)]):
            return name
        case ast.List(elts=[ast.Starred(value=ast.Name(id=name))]):
            return name
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Slice(None, None, None)):
            return name
    return None


def _items(loop: ast.For, containers: set[str]) -> Iterator[tuple[str, str]]:
    """The names that a loop binds to the arrays in an argument, and that argument."""
    match loop.iter, loop.target:
        case ast.Name(id=owner), ast.Name(id=name) if owner in containers:
            yield name, owner
        case (
            ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="values")),
            ast.Name(id=name),
        ) if owner in containers:
            yield name, owner
        case (
            ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="items")),
            ast.Tuple(elts=[_, ast.Name(id=name)]),
        ) if owner in containers:
            yield name, owner


# -- what comes out -----------------------------------------------------------------


def _not_one_number(trials: Sequence[Trial], parts: Sequence[str]) -> str:
    """That an array came where one number is due, of which it is the sum or the mean."""
    failing = [t for t in trials if t.question.value and not t.passed and t.got.did == "result"]
    pairs = [pair for trial in failing if (pair := _number_and_array(trial)) is not None]
    if not pairs or len(pairs) < len(failing):
        return ""
    for word, made in (("sum", np.sum), ("mean", np.mean)):
        if all(np.isclose(made(came), due, rtol=1e-6, atol=1e-8) for _, came, due in pairs):
            name = where(pairs[0][0], parts) or "what you return"
            return (
                f"The {word} of all numbers of {name} is the one number that is due: "
                "along which axis is it not taken yet?"
            )
    return ""


def _number_and_array(trial: Trial) -> tuple[Path, Any, float] | None:
    """The place of a part, the array that came for it, and the one number that is due."""
    mismatch, due, came = trial.mismatch, trial.due.tree, trial.got.tree
    if mismatch is None or mismatch.kind not in ("container", "shape"):
        return None
    due, came = at(due, mismatch.path), at(came, mismatch.path)
    if isinstance(due, Array) and due.values.ndim == 0:
        due = due.values[()].item()
    if not isinstance(due, float) or not isinstance(came, Array) or not came.values.ndim:
        return None
    if came.values.size < 2:
        return None
    return mismatch.path, came.values.astype(np.float64), due


def _reshaped(trials: Sequence[Trial]) -> str:
    """That the numbers of an argument stand in their old order, where axes are to be exchanged."""
    failing = [t for t in trials if t.question.value and not t.passed]
    for name in failing[0].question.arguments if failing else ():
        if all(_only_reshaped(trial, name) for trial in failing):
            return (
                f"The numbers of {name} stand in the same order as before: reshape and view "
                "exchange no axes, they cut the same row of numbers in other places."
            )
    return ""


def _only_reshaped(trial: Trial, name: str) -> bool:
    """Whether a result is an argument in another shape, and the argument transposed is due."""
    value, due, came = trial.question.arguments[name], trial.due.tree, trial.got.tree
    if not all(isinstance(one, Array) for one in (value, due, came)):
        return False
    given, wanted, got = value.values, due.values, came.values
    if got.size != given.size or not np.array_equal(got.ravel(), given.ravel()):
        return False
    orders = itertools.permutations(range(given.ndim)) if given.ndim <= MOST_AXES else ()
    return any(
        np.array_equal(np.transpose(given, order), wanted)
        for order in orders
        if order != tuple(range(given.ndim))
    )
