"""exception → sentence: what an exception means, in words that carry none of its numbers.

What a process reports of an exception is its program's own doing, and a hidden case's numbers may
be in it.  So no part of it is repeated: it only chooses one of the sentences below, and fills
their gaps with names that stand in the program's text and with the types in TYPES.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .own import ANYONE, Anyone, Own
from .verdict import Observed

MOST_READ = 4000
"""How much of a text is looked at."""

KNOWN = frozenset(
    (
        *("AcceleratorError", "AxisError", "HTTPError", "JSONDecodeError", "LinAlgError"),
        *("OutOfMemoryError", "StdinNotImplementedError", "URLError", "UFuncTypeError"),
        "gaierror",
    )
)
"""Exceptions of the standard library, NumPy and PyTorch that are no builtins."""

TYPES = {
    "NoneType": "None",
    "Parameter": "a parameter",
    "Tensor": "a tensor",
    "builtin_function_or_method": "a function that is not called",
    "function": "a function that is not called",
    "method": "a method that is not called",
    "module": "a module",
    "ndarray": "an array",
    "type": "a class",
    **{name: f"an {name}" for name in ("enumerate", "int", "int32", "int64", "iterator")},
    **{
        name: f"a {name}"
        for name in (
            *("bool", "bytes", "complex", "dict", "dtype", "filter", "float", "float16"),
            *("float32", "float64", "generator", "list", "map", "range", "set", "slice", "str"),
            *("tuple", "zip", "Size", "ModuleList", "Linear", "Sequential", "Generator"),
        )
    },
}
"""Types that may be told, in words."""
OWNERS = {
    "a list": frozenset(("append", "extend", "insert", "pop")),
    "a dict": frozenset(("get", "items", "keys", "update", "values")),
    "an array": frozenset(("astype", "copy", "dot", "flatten", "max", "mean", "shape", "sum")),
    "a tensor": frozenset(
        (
            *("backward", "clone", "cpu", "cuda", "detach", "device", "double", "float", "grad"),
            *("item", "long", "numpy", "permute", "requires_grad", "shape", "unsqueeze", "view"),
        )
    ),
}
"""Attributes that are often looked for in a value of another type."""

RETURN = "does a function end without return?"
SHAPES = "write down the shapes of what meets here"
OPERATORS = frozenset(
    ("+", "-", "*", "/", "//", "%", "@", "**", "<<", ">>", "&", "|", "^", "<", ">", "<=", ">=")
)


def type_told(got: Observed, own: Own = ANYONE) -> str:
    """The name of an exception's type, or of the nearest base that everybody knows."""
    if isinstance(own, Anyone):
        return got.type
    known = (name for name in (got.type, *got.bases) if _is_exception(name) or own.name(name))
    return next(known, "Exception")


def _is_exception(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return name in KNOWN or (isinstance(kind, type) and issubclass(kind, BaseException))


def meaning(got: Observed, own: Own = ANYONE, here: str = "here") -> str | None:
    """What an exception means and where to look, in a sentence without its full stop.

    own: what the program's text names, where nothing else may be told.  here: where it ran.
    Nothing is said of what a program raises in so many words: its author knows.
    """
    if got.did != "raised" or (got.lines and got.lines[-1][2].startswith("raise")):
        return None
    types, text = {got.type, *got.bases}, got.text[:MOST_READ]
    for rule in RULES:
        if rule.types.isdisjoint(types):
            continue
        found = re.match(rule.pattern, text)
        said = rule.say(found, own) if found else None
        if said:
            return said.replace("{here}", here)
    return None


Say = Callable[[re.Match[str], Own], str | None]


@dataclass(frozen=True)
class Rule:
    """A kind of exception: its types, how its text starts, and what is said."""

    types: frozenset[str]
    pattern: str
    say: Say


def _thing(name: str, own: Own) -> str:
    """A type in words: "an array", "None"."""
    bare = name.removeprefix("numpy.").removeprefix("torch.")
    if bare in TYPES:
        return TYPES[bare]
    known = own.name(bare)
    return f"an object of class {known}" if known else "this value"


def _function(text: str, own: Own) -> str:
    """ "C.f()" for a qualified name, or its class's where only that is known."""
    bare = _bare(text)
    name = own.name(bare.removesuffix(".__init__")) or own.name(bare.split(".")[0])
    return f"{name}()" if name else "this function"


def _quoted(text: str) -> list[str]:
    return re.findall(r"['\"]([^'\"]{1,100})['\"]", text)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# -- names that are not there ------------------------------------------------------------------


def _missing_name(found: re.Match[str], own: Own) -> str:
    name = own.name(found[1])
    start = f"the name {name}" if name else "a name"
    return f"{start} is not defined: is its definition or its import in code that runs?"


def _missing_local(found: re.Match[str], own: Own) -> str:
    name = own.name(found[1]) or "a name"
    return (
        f"{name} is read before it is given a value: a name that a function assigns anywhere "
        "is its own throughout"
    )


def _missing_module(found: re.Match[str], own: Own) -> str:
    name = own.name(found[1])
    return f"{name or 'a module that is imported'} is not installed {{here}}"


def _missing_import(found: re.Match[str], own: Own) -> str:
    name, module = own.name(found[1]), own.name(found[2])
    there = f"in {module}" if module else "in its module"
    return f"there is no {name or 'such name'} {there} as it is installed {{here}}"


def _missing_attribute(found: re.Match[str], own: Own) -> str:
    owner, name = _thing(found[1], own), own.name(found[2])
    start = f"{owner} has no attribute {name}" if name else f"{owner} has no such attribute"
    if owner == "None":
        return f"{start}: {RETURN}"
    others = [other for other, names in OWNERS.items() if found[2] in names and other != owner]
    if name and others and owner in OWNERS:
        return f"{start}: {' or '.join(others)} has one"
    return f"{start}: is it spelt right, and set before it is read?"


def _missing_in_module(found: re.Match[str], own: Own) -> str:
    module, name = own.name(found[1]), own.name(found[2])
    has = f"has no attribute {name}" if name else "has no such attribute"
    look = "is it spelt right, and in the version that is installed {here}?"
    return f"{module or 'a module'} {has}: {look}"


def _missing_in_class(found: re.Match[str], own: Own) -> str:
    owner, name = own.name(found[1]), own.name(found[2])
    start = f"the class {owner}" if owner else "a class"
    has = f"has no attribute {name}" if name else "has no such attribute"
    return f"{start} {has}: is it meant of an object of it?"


def _missing_key(found: re.Match[str], own: Own) -> str:
    key = own.word(found[1])
    start = f"a dict has no key {key}" if key else "a dict has no such key"
    return f"{start}: print its keys, and look where they are set"


def _missing_file(found: re.Match[str], own: Own) -> str:
    name = own.word(found[1])
    return f"there is no {f'file {name}' if name else 'such file'} {{here}}"


# -- calls -------------------------------------------------------------------------------------


def _left_out(found: re.Match[str], own: Own) -> str:
    """A call without some of the arguments that are due."""
    names = [own.name(name) for name in _quoted(found[2])]
    told = [name for name in names if name]
    what = _listed(told) if told and len(told) == len(names) else "an argument that it needs"
    function = _function(found[1], own)
    return f"{function} is called without {what}{_by_so_many(_bare(found[1]), len(names), own)}"


def _bare(qualified: str) -> str:
    """A qualified name from the last function on in which it is defined."""
    return qualified.split("<locals>.")[-1]


def _by_so_many(bare: str, lacking: int, own: Own) -> str:
    """ ": it needs 5 arguments, and rnn_forward gives 4", if the program's text says so."""
    needs = {fewest for fewest, _ in own.takes.get(bare, ())}
    if len(needs) != 1 or "." in bare:
        return ""
    needed = needs.pop()
    callers = own.callers(bare, needed - lacking) - {""}
    if len(callers) != 1:
        return ""
    return f": it needs {_counted(needed)}, and {min(callers)} gives {needed - lacking}"


def _counted(arguments: int) -> str:
    return "1 argument" if arguments == 1 else f"{arguments} arguments"


def _too_many(found: re.Match[str], own: Own) -> str:
    """A call with more arguments than are taken."""
    function, bare = _function(found[1], own), _bare(found[1])
    most, given = int(found[3]), int(found[4])
    if not own.takes_so_many(bare, int(found[2] or most), most):
        return f"{function} is called with more arguments than it takes"
    called = bare.removesuffix(".__init__")
    callers = own.callers(called, given - ("." in bare))
    self = " (self is one of them)" if "." in bare else ""
    takes = f"{function} takes {_counted(most)}{self} and is called with"
    if len(callers) == 1 and callers != {""}:
        return f"{takes} {given} in {min(callers)}"
    return f"{takes} {given if callers else 'more'}"


def _wrong_number(found: re.Match[str], own: Own) -> str:
    return f"{_function(found[1], own)} is called with the wrong number of arguments"


def _takes_none(found: re.Match[str], own: Own) -> str:
    return f"{_function(found[1], own)} takes no arguments: has its class an __init__?"


def _unexpected(found: re.Match[str], own: Own) -> str:
    key = own.name(found[2])
    what = f"argument called {key}" if key else "such argument"
    return f"{_function(found[1], own)} has no {what}: how is it spelt where it is defined?"


def _invalid_keyword(found: re.Match[str], own: Own) -> str:
    key = own.name(found[1])
    what = f"argument called {key}" if key else "such argument"
    return f"{_function(found[2], own)} has no {what}"


def _twice(found: re.Match[str], own: Own) -> str:
    key = own.name(found[2])
    what = f"its argument {key}" if key else "one of its arguments"
    return f"{_function(found[1], own)} is given {what} twice: by place and by name"


def _invalid_combination(found: re.Match[str], own: Own) -> str:
    function = _function(found[1], own)
    return f"{function} takes no such arguments: look at their names, types and number"


def _must_be(found: re.Match[str], own: Own) -> str:
    function, have = _function(found[1], own), _thing(found[2], own)
    if have == "None":
        return f"{function} is given None: {RETURN}"
    if have == "an array":
        return f"{function} takes a tensor and is given an array: torch.from_numpy makes one of it"
    return f"{function} is given {have}, and takes another type"


# -- values of the wrong type ------------------------------------------------------------------


def _operands(found: re.Match[str], own: Own) -> str:
    sign = found[1].split(" ")[0].removesuffix("=")
    operator = sign if sign in OPERATORS else "an operator"
    left, right = _thing(found[2], own), _thing(found[3], own)
    if "None" in (left, right):
        return f"{operator} meets None: {RETURN}"
    return f"{operator} does not go between {left} and {right}"


def _unary(found: re.Match[str], own: Own) -> str:
    have = _thing(found[1], own)
    return f"a sign stands before {have}" + (f": {RETURN}" if have == "None" else "")


USES = {
    "subscriptable": ("is indexed with [ ]", "a list, tuple, dict, array or tensor can be"),
    "iterable": ("is looped over or unpacked", "how many values does it stand for?"),
    "callable": ("is called like a function", "is a name used twice, or a * left out?"),
    "iterator": ("is handed to next()", "iter() makes an iterator of it"),
    "assigned": ("has an item assigned", "make a list, a dict, an array or a tensor"),
    "length": ("is asked for its length", "is it one value where many are meant?"),
    "integer": ("stands where a whole number is due", "int() or // gives one"),
    "number": ("stands where a number is due", "look at what it holds"),
    "hashable": ("is used as a key or put into a set", "a tuple or a text can be"),
}


def _used(use: str) -> Say:
    """For a value that is used as one of its type cannot be."""
    what, look = USES[use]

    def say(found: re.Match[str], own: Own) -> str:
        have = _thing(found[1], own)
        if use == "callable" and have in ("an array", "a tensor", "a list", "a dict"):
            return f"{have} {what}: round brackets call, square ones take an item"
        if "not called" in have:
            return f"{have} {what}: are its round brackets missing?"
        return f"{have} {what}: {RETURN if have == 'None' else look}"

    return say


def _joined(found: re.Match[str], own: Own) -> str:
    to, have = _thing(found[1], own), _thing(found[2], own)
    return f"+ does not go between {to} and {have}" + (f": {RETURN}" if have == "None" else "")


def _indices(found: re.Match[str], own: Own) -> str:
    have = _thing(found[2], own)
    start = f"{_thing(found[1], own)} is indexed with {have}"
    if have == "a tuple":
        return f"{start}: [i, j] is for arrays and tensors, a list of lists takes [i][j]"
    return f"{start}: {RETURN if have == 'None' else 'it takes whole numbers and slices'}"


def _assigned_to_module(found: re.Match[str], own: Own) -> str:
    name = own.name(found[1])
    return (
        f"{name or 'an attribute'} of a module holds a parameter or a module and takes nothing "
        "else: nn.Parameter(…) makes a parameter, and copy_ under torch.no_grad() sets its numbers"
    )


# -- the rules ---------------------------------------------------------------------------------

VALUE = "ValueError RuntimeError TypeError IndexError"
TORCH = "RuntimeError TypeError ValueError IndexError AssertionError NotImplementedError"
QUALIFIED = r"([\w.<>]{1,200})\(\)"

FILLED: tuple[tuple[str, str, Say], ...] = (
    ("UnboundLocalError", r"cannot access local variable '(\w{1,100})'", _missing_local),
    ("NameError", r"(?:name|cannot access free variable) '(\w{1,100})'", _missing_name),
    ("ModuleNotFoundError", r"No module named '([\w.]{1,100})'", _missing_module),
    ("ImportError", r"cannot import name '(\w{1,100})' from '([\w.]{1,100})'", _missing_import),
    ("AttributeError", r"module '([\w.]{1,100})' has no attribute '(\w+)'", _missing_in_module),
    ("AttributeError", r"'([\w.]{1,100})' object has no attribute '(\w+)'", _missing_attribute),
    ("AttributeError", r"type object '(\w{1,100})' has no attribute '(\w+)'", _missing_in_class),
    ("KeyError", r"['\"]popitem", lambda *_: "an empty dict has no item to take"),
    ("KeyError", r"['\"]?([^'\"]{1,100})['\"]?$", _missing_key),
    ("FileNotFoundError", r"\[Errno 2\][^']{1,100}'([^']{1,200})'", _missing_file),
    ("TypeError", rf"{QUALIFIED} missing \d+ required [\w-]+ arguments?: (.{{1,300}})", _left_out),
    (
        "TypeError",
        rf"{QUALIFIED} takes (?:from (\d{{1,4}}) to )?(\d{{1,4}}) positional arguments?"
        r" but (\d{1,4}) (?:positional arguments? \(.{1,60}\) )?w",
        _too_many,
    ),
    ("TypeError", rf"{QUALIFIED} takes no arguments", _takes_none),
    (
        "TypeError",
        r"([\w.<>]{1,200})(?:\(\))? (?:takes (?:exactly|at most|at least|no keyword)|expected at)",
        _wrong_number,
    ),
    ("TypeError", rf"{QUALIFIED} missing required argument", _wrong_number),
    ("TypeError", rf"{QUALIFIED} got an unexpected keyword argument '(\w{{1,100}})'", _unexpected),
    ("TypeError", rf"{QUALIFIED} got multiple values for argument '(\w{{1,100}})'", _twice),
    (
        "TypeError",
        r"'(\w{1,100})' is an invalid keyword argument for ([\w.]{1,100})",
        _invalid_keyword,
    ),
    ("TypeError", rf"{QUALIFIED} received an invalid combination", _invalid_combination),
    (
        "TypeError",
        r"([\w.]{1,100})\(\): argument .{1,80} must be .{1,60}(?:, | but got |not )([\w.]{1,100})",
        _must_be,
    ),
    (
        "TypeError",
        r"unsupported operand type\(s\) for (.{1,12}): '([\w.]{1,100})' and '([\w.]{1,100})'",
        _operands,
    ),
    (
        "TypeError",
        r"'(.{1,3})' not supported between instances of '([\w.]{1,100})' and '([\w.]{1,100})'",
        _operands,
    ),
    ("TypeError", r"bad operand type for .{1,12}: '([\w.]{1,100})'", _unary),
    ("TypeError", r"'([\w.]{1,100})' object is not subscriptable", _used("subscriptable")),
    ("TypeError", r"'([\w.]{1,100})' object is not iterable", _used("iterable")),
    ("TypeError", r"cannot unpack non-iterable ([\w.]{1,100}) object", _used("iterable")),
    ("TypeError", r"argument of type '([\w.]{1,100})' is not iterable", _used("iterable")),
    ("TypeError", r"'([\w.]{1,100})' object is not callable", _used("callable")),
    ("TypeError", r"'([\w.]{1,100})' object is not an iterator", _used("iterator")),
    ("TypeError", r"'([\w.]{1,100})' object does not support item", _used("assigned")),
    ("TypeError", r"object of type '([\w.]{1,100})' has no len", _used("length")),
    ("TypeError", r"'([\w.]{1,100})' object cannot be interpreted as an int", _used("integer")),
    ("TypeError", r"must be real number, not ([\w.]{1,100})", _used("number")),
    ("TypeError", r"(?:float|int|complex)\(\) argument .{1,80} not '([\w.]+)'", _used("number")),
    ("TypeError", r"loop of ufunc does not support .{1,30}type ([\w.]{1,100})", _used("number")),
    ("RuntimeError", r"Could not infer dtype of ([\w.]{1,100})", _used("number")),
    ("TypeError", r"unhashable type: '([\w.]{1,100})'", _used("hashable")),
    ("TypeError", r"can only concatenate ([\w.]{1,100}) \(not \"([\w.]{1,100})\"\)", _joined),
    ("TypeError", r"can't multiply sequence by non-int of type '([\w.]+)'", _used("integer")),
    (
        "TypeError",
        r"(list|tuple|string) indices must be integers(?: or slices)?, not '?([\w.]{1,100})",
        _indices,
    ),
    (
        "TypeError",
        r"cannot assign '.{1,100}' as (?:child module|parameter|buffer) '(\w{1,100})'",
        _assigned_to_module,
    ),
)
"""Types, the start of the text, and what fills the gaps."""

PLAIN: tuple[tuple[str, str, str], ...] = (
    # where it runs
    (
        TORCH,
        r"Torch not compiled with CUDA|Found no NVIDIA driver|No CUDA GPUs are available|"
        r"CUDA error: (?:no CUDA-capable|invalid device ordinal)|"
        r"(?:Unexpected error from )?CUDA driver|The NVIDIA driver on your system|"
        r"Attempting to deserialize object on a? ?CUDA|Cannot access accelerator device|"
        r"Invalid device, must be cuda|CUDA is not available|Tried to instantiate dummy base",
        "there is no CUDA device {here}: take the device from the arguments, as in x.device",
    ),
    (
        TORCH,
        r"(?:PyTorch is not linked with support for|The MPS backend|Could not run .{1,80}MPS)",
        "there is no such device {here}: take the device from the arguments, as in x.device",
    ),
    (
        "EOFError StdinNotImplementedError",
        r"EOF when reading a line|raw_input was called|",
        "input() waits for somebody to type, and nobody can answer {here}",
    ),
    ("ImportError", r"attempted relative import", "import the module without the dot before it"),
    ("ImportError", r"", "an import does not work {here}"),
    ("FileNotFoundError", r"", "there is no such file {here}"),
    ("PermissionError", r"", "this file, or the network, is out of reach {here}"),
    (
        "URLError HTTPError gaierror ConnectionError TimeoutError",
        r"",
        "the network is out of reach {here}",
    ),
    (
        "OSError",
        r"\[Errno (?:-\d+|101|111|113)\]|<urlopen error|.{0,200}(?:Connection|resolution)",
        "the network is out of reach {here}",
    ),
    ("IsADirectoryError", r"", "a folder is opened as if it were a file"),
    ("SystemExit", r"", "exit() ends the program: a function returns instead"),
    ("KeyboardInterrupt", r"", "the program interrupts itself"),
    # devices
    (
        TORCH,
        r"Expected all tensors to be on the same device|Tensor on device|"
        r"Input and \w+ tensors? are not at the same device|Input type .{1,60}cuda|"
        r"Attempted to call .{1,60}device|indices should be either on cpu|"
        r"assigned grad has data located on a different device",
        "tensors of two devices meet: make new ones where the arguments are, "
        "as in torch.zeros(…, device=x.device)",
    ),
    (
        "RuntimeError",
        r"Expected a '\w{1,20}' device type for generator",
        "a generator draws for a tensor that is on another device",
    ),
    (
        "RuntimeError",
        r"'lengths' argument should be a 1D CPU int64 tensor",
        "packing wants its lengths on the CPU: whole numbers, one for each sequence",
    ),
    (
        "TypeError",
        r"can't convert \S{1,20} device type tensor to numpy",
        "NumPy cannot read a tensor that is not on the CPU: stay with tensors",
    ),
    # gradients
    (
        "RuntimeError",
        r"a (?:view of a )?leaf Variable that requires grad is being used in an in-place",
        "a parameter is changed in place while gradients are recorded: "
        "do it under torch.no_grad(), or make a new tensor",
    ),
    (
        "RuntimeError",
        r"(?:element \d+ of tensors|One of the differentiated Tensors) does not require grad",
        "nothing here leads back to a tensor that requires grad: is it detached, made anew, "
        "or under torch.no_grad()?",
    ),
    (
        "RuntimeError",
        r"Trying to backward through the graph a second time",
        "the same graph is walked back twice: compute the loss anew before each backward, "
        "and detach a state that is carried on",
    ),
    (
        "RuntimeError",
        r"one of the variables needed for gradient computation has been modified by an inplace",
        "a tensor that backward needs is changed in place (+=, [...] =, or a method_): "
        "make a new tensor instead",
    ),
    (
        "RuntimeError",
        r"grad can be implicitly created only for scalar",
        "backward() starts from one number: take the sum or the mean first",
    ),
    (
        "RuntimeError",
        r"(?:One of the differentiated Tensors|The differentiated Tensor.{1,20}) appears to not",
        "a tensor whose gradient is asked for does not take part in the result",
    ),
    (
        "RuntimeError",
        r"Can't call numpy\(\) on Tensor that requires grad",
        "NumPy cannot read a tensor that requires grad: use PyTorch's function, "
        "or detach() where no gradient is needed",
    ),
    (
        "RuntimeError",
        r"[oO]nly Tensors of floating point",
        "only a tensor of floats can require grad",
    ),
    (
        "ValueError",
        r"can't optimize a non-leaf Tensor",
        "an optimiser takes parameters, not what was computed from them",
    ),
    (
        "ValueError",
        r"optimizer got an empty parameter list",
        "the optimiser gets no parameters: are they attributes of the module?",
    ),
    # modules
    (
        "AttributeError",
        r"cannot assign \w+ before Module.__init__\(\) call",
        "super().__init__() has to come first in the module's __init__",
    ),
    (
        "NotImplementedError",
        r"Module \[\w{1,100}\] is missing the required \"forward\"",
        "the module has no forward: is it spelt so, and indented into the class?",
    ),
    (
        "RuntimeError",
        r"Error\(s\) in loading state_dict",
        "the names or shapes of the parameters are not those that are loaded",
    ),
    ("AttributeError", r"attribute |property |can't set", "this attribute can only be read"),
    # dtypes
    (
        TORCH,
        r"expected scalar type|mat1 and mat2 must have the same dtype|"
        r"Found dtype|\w{1,30} input dtype .{1,30}does not match|"
        r"Index put requires the source and destination dtypes match|Input type|"
        r".{1,40}: expected .{1,40} to have the same dtype|expected .{1,30}same dtype",
        "two dtypes meet: make new tensors in the dtype of the arguments, "
        "as in torch.zeros(…, dtype=x.dtype)",
    ),
    (
        "TypeError RuntimeError",
        r"Cannot cast ufunc|result type \w+ can't be cast|Cannot cast array data",
        "a result does not fit into the dtype of the array that is to hold it",
    ),
    (
        TORCH,
        r"Expected tensor for argument .{1,20} to have one of the following scalar types: Long|"
        r"expected target dtype to be Long|tensors used as indices must be",
        "indices and classes have to be whole numbers: .long() makes them",
    ),
    (
        "RuntimeError",
        r".{1,20}could not infer output dtype",
        "a mean is taken of whole numbers: make them floats first",
    ),
    (
        "TypeError",
        r"ufunc '\w+' (?:did not contain a loop|not supported)|data type '.{1,60}' not",
        "NumPy cannot compute with values of this type: is a text, a list or None among them?",
    ),
    (
        "TypeError",
        r"Cannot interpret '.{1,60}' as a data type",
        "the shape goes in as one tuple, as in np.zeros((B, H)): the second argument is the dtype",
    ),
    ("TypeError", r"expected np.ndarray", "torch.from_numpy takes an array: make one of it first"),
    (
        "TypeError",
        r"(?:expected a sequence of integers|Use \(\) not None as shape|"
        r"\w+\(\): argument 'size' failed)",
        "a size in a shape is no whole number: int() or // gives one",
    ),
    # one value for many, and many for one
    (
        "ValueError RuntimeError",
        r"The truth value of an array|Boolean value of Tensor",
        "a condition holds for some numbers and not for others: use np.where or torch.where, "
        "or .any() or .all()",
    ),
    (
        VALUE,
        r"only (?:length-1|0-dimensional|one element|integer scalar|integer tensors of a single)|"
        r"a Tensor with \d+ elements cannot be converted|can only convert an array of size 1",
        "many numbers stand where one is due",
    ),
    (
        "TypeError IndexError",
        r"iteration over a 0-d|len\(\) of (?:unsized|a 0-d)|"
        r"invalid index (?:to scalar|of a 0-dim)",
        "a single number is indexed, looped over or counted as if it were many",
    ),
    (
        "ValueError",
        r"(?:not enough|too many) values to unpack",
        "the number of names on the left is not the number of values on the right",
    ),
    (
        "ValueError TypeError",
        r"setting an array element with a sequence|expected sequence of length",
        "rows of different lengths, or many numbers where one is due, do not make an array",
    ),
    (
        "ValueError RuntimeError",
        r"need at least one array|stack expects a non-empty|torch.cat\(\): expected a non-empty|"
        r"expected a non-empty list",
        "there is nothing to put together: the list is empty",
    ),
    (
        VALUE,
        r"(?:max|min)\(\)(?: arg| iterable argument) is an empty|zero-size array to reduction|"
        r".{1,60}(?:numel\(\) == 0|has no elements|dim to have non-zero size)",
        "the largest or smallest of nothing is asked for",
    ),
    # indices and axes
    (
        "IndexError ValueError AxisError",
        r"Dimension out of range|axis -?\d+ is out of bounds for array of dim|duplicate value in|"
        r"axes don't match|repeated axis|Dimension specified as",
        "there is no such axis, or it is named twice: axes count from 0, or from -1 backwards",
    ),
    (
        "IndexError",
        r"index out of range in self|Target -?\d+ is out of bounds",
        "a token or a class is not below the number of those that the layer or the loss knows",
    ),
    ("IndexError", r"too many indices", "there are more indices than axes"),
    (
        "IndexError TypeError",
        r"only integers, slices|new\(\): invalid data type",
        "an index is no whole number, slice or mask: int() or // gives a whole number",
    ),
    (
        "IndexError",
        r"pop from empty|.{0,60}index .{0,60}out of (?:range|bounds)|.{0,60}The shape of the mask",
        "an index goes past the end: they run from 0 to the size less one",
    ),
    (
        "ValueError RuntimeError",
        r"step must be greater than zero|At least one stride in the given numpy array is negative",
        "PyTorch knows no negative steps: torch.flip turns an axis round",
    ),
    # shapes
    (
        "ValueError RuntimeError",
        r"matmul: Input|shapes .{1,60} not aligned|mat1 and mat2 shapes|size mismatch, got|"
        r"mat\d? must be a matrix|Expected size for first two dimensions of batch|"
        r"(?:self|batch\d|vec\d?|\d?D tensors?|mat\d?) must be a|inconsistent tensor size",
        "the shapes in a matrix product do not fit: the last axis of the left has to be as long "
        "as the last but one of the right",
    ),
    (
        "ValueError RuntimeError",
        r"operands could not be broadcast|The size of tensor a|could not broadcast input array|"
        r"The expanded size of the tensor|non-broadcastable output|shape mismatch|"
        r"output with shape .{1,60} doesn't match|expand\(",
        f"two shapes do not fit together element by element: {SHAPES}",
    ),
    (
        "ValueError RuntimeError",
        r"cannot reshape array|shape '.{1,60}' is invalid for input|permute\(|"
        r"number of dims don't match",
        "a reshape or a permutation asks for another number of elements or axes than are there",
    ),
    (
        "RuntimeError",
        r"view size is not compatible with input tensor",
        "view cannot lay these axes together: use reshape",
    ),
    (
        "ValueError RuntimeError",
        r"all (?:the )?input array|Sizes of tensors must match|stack expects each tensor|"
        r"Tensors must have same number of dimensions",
        f"arrays that are put together have different shapes: {SHAPES}",
    ),
    (
        "ValueError RuntimeError",
        r"einsum\(\)|einstein sum",
        "the letters of an einsum do not fit its arguments: one letter stands for one size",
    ),
    (
        "ValueError RuntimeError",
        r"input.size\(-1\) must|input has inconsistent|Expected hidden|.{0,40}hidden.{0,20} size|"
        r"For (?:un)?batched|Expected input batch_size|\w{1,30}: Expected input to be",
        f"a layer or a loss gets another shape than it is made for: {SHAPES}",
    ),
    ("LinAlgError", r"Singular", "a matrix that is to be inverted is singular"),
    ("LinAlgError", r"", f"a function of np.linalg gets another shape than it takes: {SHAPES}"),
    # the rest
    (
        "ValueError",
        r"assignment destination is read-only|output array is read-only",
        "an array that may not be changed is changed: take a copy first",
    ),
    (
        "ValueError RuntimeError",
        r"cannot sample n_sample|Cannot take a larger sample",
        "more is drawn without replacement than there is",
    ),
    (
        "ValueError RuntimeError",
        r"probability tensor contains|probabilities (?:do not sum|are not non-neg|contain NaN)",
        "what is drawn from is no distribution: it needs numbers of 0 or more that sum to 1",
    ),
    (
        "ValueError",
        r"math domain error",
        "a function of math gets a number outside of its domain, as log of 0",
    ),
    ("ValueError", r".{1,80} is not in (?:list|deque)", "a list does not hold what is looked for"),
    ("ValueError", r"could not convert string to|invalid literal", "a text is no number"),
    ("ZeroDivisionError", r"", "something is divided by zero: which size or sum can be 0 here?"),
    ("OverflowError", r"", "a number gets too large: does it grow from step to step?"),
    ("FloatingPointError", r"", "a NumPy operation divides by 0, overflows or gives nan"),
    ("RecursionError", r"", "a function calls itself without an end: what should make it stop?"),
    ("StopIteration", r"", "next() finds nothing more: is the iterator used up?"),
    (
        "RuntimeError",
        r"dictionary (?:changed size|keys changed)",
        "a dict is changed while it is looped over: loop over list(…) of it",
    ),
    ("TypeError", r"exceptions must derive", "raise takes an exception, as ValueError(…)"),
    ("RuntimeError", r"super\(\): no arguments", "super() only works inside a method"),
)
"""Types, the start of the text, and what is said of all these."""


def _plainly(text: str) -> Say:
    return lambda *_: text


def _rules() -> Iterator[Rule]:
    for types, pattern, say in FILLED:
        yield Rule(frozenset(types.split()), pattern, say)
    for types, pattern, text in PLAIN:
        yield Rule(frozenset(types.split()), pattern, _plainly(text))


RULES = tuple(_rules())
"""The first that fits and has something to say is taken."""
