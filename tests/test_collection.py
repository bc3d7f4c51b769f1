"""Labs and exercises are found where they stand; what does not fit is refused with a way out."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from autograder.labcheck.explain import sizes
from autograder.spec import Mistake, collection
from autograder.spec.collection import CollectionError, collect

LAB = 'from autograder.spec import Lab\n\nLAB = Lab(title="Small", arrays="numpy")\n'
CELLS = "".join(
    f'# %% exercise="{name}"\ndef {name}(x):\n    """Return it."""\n    return x\n\n\n'
    for name in ("later", "earlier")
)
SPEC = """\
from autograder.spec import Exercise
from solutions.small import {name}

EXERCISE = Exercise(
    reference={name}, inputs=lambda rng: {{"x": rng.random()}}, points=50, look="Read it again."
)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course with one lab that is all right."""
    write(tmp_path, "solutions/small.py", CELLS)
    write(tmp_path, "exercises/small/__init__.py", LAB)
    for name in ("earlier", "later"):
        write(tmp_path, f"exercises/small/{name}.py", SPEC.format(name=name))
    return tmp_path


def write(root: Path, path: str, text: str) -> None:
    """Write one file of a made-up course."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def refusal(root: Path, slug: str = "small") -> str:
    """The one line that says why a lab is refused."""
    with pytest.raises(CollectionError) as caught:
        collect(slug, root)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_exercises_stand_in_the_order_of_their_cells(root: Path) -> None:
    found = collect("small", root)
    assert [exercise.name for exercise in found.exercises] == ["later", "earlier"]
    assert (found.slug, found.lab.title, found.points) == ("small", "Small", 100)
    assert collection.problems(found) == []
    assert collection.labs(root) == ["small"]


def test_the_working_folder_does_not_matter(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert collect("small", root).exercises[0].reference(3) == 3


def test_two_courses_are_kept_apart_in_one_process(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    write(other, "solutions/small.py", CELLS.replace("return x", "return -x"))
    write(other, "exercises/small/__init__.py", LAB.replace("Small", "Other"))
    for name in ("earlier", "later"):
        write(other, f"exercises/small/{name}.py", SPEC.format(name=name))
    answers = [collect("small", one).exercises[0].reference(3) for one in (root, other, root)]
    assert answers == [3, -3, 3]
    assert collection.lab("small", other).title == "Other"


def test_an_unknown_lab_is_refused_with_the_known_ones(root: Path) -> None:
    assert refusal(root, "big") == "there is no solutions/big.py: the labs are small"


def test_a_lab_without_its_init_is_refused(root: Path) -> None:
    (root / "exercises/small/__init__.py").unlink()
    assert refusal(root).startswith("exercises/small/__init__.py is missing: write it")


def test_an_init_without_lab_is_refused(root: Path) -> None:
    write(root, "exercises/small/__init__.py", "LAB = 3\n")
    assert refusal(root) == "exercises/small/__init__.py must set LAB = Lab(…)"


def test_a_cell_without_a_spec_is_refused(root: Path) -> None:
    (root / "exercises/small/later.py").unlink()
    assert refusal(root) == (
        "exercises/small/later.py is missing: write the spec of the cell "
        'exercise="later" of solutions/small.py'
    )


def test_a_spec_without_a_cell_is_refused(root: Path) -> None:
    write(root, "exercises/small/spare.py", SPEC.format(name="later"))
    assert refusal(root) == (
        "exercises/small/spare.py has no cell: mark one in solutions/small.py with "
        '# %% exercise="spare", or delete the spec'
    )


def test_a_spec_without_an_exercise_is_refused(root: Path) -> None:
    write(root, "exercises/small/later.py", "")
    assert refusal(root) == "exercises/small/later.py must set EXERCISE = Exercise(…)"


def test_a_reference_with_another_name_is_refused(root: Path) -> None:
    write(root, "exercises/small/later.py", SPEC.format(name="earlier"))
    assert refusal(root) == (
        "exercises/small/later.py: the reference is called earlier, the cell of "
        "solutions/small.py later: give both one name"
    )


def test_two_cells_with_one_name_are_refused(root: Path) -> None:
    write(root, "solutions/small.py", CELLS + CELLS)
    assert refusal(root) == (
        'solutions/small.py: 2 cells say exercise="later": rename all but one'
    )


def test_a_cell_with_no_name_is_refused(root: Path) -> None:
    write(root, "solutions/small.py", '# %% exercise="two words"\n')
    assert refusal(root) == (
        'solutions/small.py: exercise="two words" must name a function or a class'
    )


def test_a_lab_that_cannot_be_imported_is_refused_with_its_line(root: Path) -> None:
    write(root, "solutions/small.py", f"{CELLS}raise RuntimeError('no luck')\n")
    assert refusal(root) == (
        "solutions/small.py cannot be imported: mend RuntimeError: no luck "
        "(solutions/small.py, line 13)"
    )


def test_an_import_error_does_not_show_the_machine(root: Path) -> None:
    spec = SPEC.format(name="later").replace("import later", "import gone")
    write(root, "exercises/small/later.py", spec)
    message = refusal(root)
    assert "mend ImportError" in message
    assert "(exercises/small/later.py, line 2)" in message
    assert str(root) not in message


def test_a_file_name_that_is_no_slug_is_refused(root: Path) -> None:
    write(root, "solutions/Lab-3.py", CELLS)
    with pytest.raises(CollectionError, match=r"solutions/Lab-3\.py: rename it to lower-case"):
        collection.labs(root)


def test_a_file_without_exercises_and_specs_is_no_lab(root: Path) -> None:
    write(root, "solutions/Answers to the exam.py", "print('of nobody\\'s concern')\n")
    assert collection.labs(root) == ["small"]
    assert not collection.specified("Answers to the exam", root)
    assert collection.specified("small", root)


def test_the_course_is_the_nearest_folder_above_with_solutions(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (root / "results" / "small").mkdir(parents=True)
    monkeypatch.chdir(root / "results" / "small")
    assert collection.course() == root.resolve()
    outside = tmp_path_factory.mktemp("outside")
    monkeypatch.chdir(outside)
    with pytest.raises(CollectionError, match=r"is in no course.*autograder new course DIR"):
        collection.course()
    with pytest.raises(CollectionError, match="is no course: there is no folder solutions/"):
        collection.course(outside)


def test_an_unknown_name_in_without_is_a_problem(root: Path) -> None:
    spec = SPEC.format(name="later").replace(
        "points=50", 'points=50, without={"a typo", "second call"}'
    )
    write(root, "exercises/small/later.py", spec)
    assert collection.problems(collect("small", root)) == [
        "exercises/small/later.py: without='a typo' is no case that this exercise gets by itself: "
        "leave it out"
    ]


def test_letters_of_the_labs_own_are_told_in_its_words(root: Path) -> None:
    lab = LAB.replace('arrays="numpy"', 'arrays="numpy", axes={"K": "horizon", "S": "source"}')
    write(root, "exercises/small/__init__.py", lab)
    spec = SPEC.format(name="later").replace("points=50", 'points=50, shapes={"x": "B K S"}')
    write(root, "exercises/small/later.py", spec)
    (later, _) = collect("small", root).exercises
    assert sizes((3, 2, 4), later.shapes["x"]) == "batch 3, horizon 2, source 4"


def test_specs_of_no_lab_are_orphans(root: Path) -> None:
    assert collection.orphans(root) == []
    write(root, "exercises/lost/__init__.py", LAB)
    assert collection.orphans(root) == [
        "exercises/lost/ has specs, but there is no solutions/lost.py: "
        "write it, or delete the folder"
    ]


def test_points_are_weights_that_are_scaled_to_a_hundred(root: Path) -> None:
    write(root, "exercises/small/later.py", SPEC.format(name="later").replace("50", "20"))
    found = collect("small", root)
    assert [exercise.points for exercise in found.exercises] == [28.57, 71.43]
    assert collection.problems(found) == []


def test_weights_that_leave_a_remainder_still_add_up(tmp_path: Path) -> None:
    names = [f"f{n}" for n in range(7)]
    cells = (f'# %% exercise="{name}"\ndef {name}(x):\n    """It."""\n' for name in names)
    write(tmp_path, "solutions/small.py", "".join(cells))
    write(tmp_path, "exercises/small/__init__.py", LAB)
    for name in names:
        write(tmp_path, f"exercises/small/{name}.py", SPEC.format(name=name).replace("50", "3"))
    points = [exercise.points for exercise in collect("small", tmp_path).exercises]
    assert math.fsum(points) == 100
    assert set(points) == {14.28, 14.29}


def test_a_lab_without_exercises_has_a_problem(root: Path) -> None:
    write(root, "solutions/small.py", "# %%\n")
    for name in ("earlier", "later"):
        (root / f"exercises/small/{name}.py").unlink()
    assert collection.problems(collect("small", root)) == [
        "solutions/small.py has no exercise: "
        'mark a cell with # %% exercise="name" and write its spec'
    ]


def test_empty_hints_and_doubled_names_are_problems(root: Path) -> None:
    found = collect("small", root)
    later, earlier = found.exercises
    mistakes = (
        Mistake("twice", later.reference, when="it is so.", look=" "),
        Mistake("twice", later.reference, when="", look="Look there."),
        Mistake("No slug", later.reference, when="it is so", look="Look there."),
    )
    broken = dataclasses.replace(later, mistakes=mistakes, look="", points=float("nan"))
    lab = dataclasses.replace(found, exercises=(broken, earlier))
    where = "exercises/small/later.py: "
    assert [line.removeprefix(where) for line in collection.problems(lab)] == [
        "points=nan: give a number above 0",
        "`look` is empty: say where to look if no known mistake was made",
        "`look` of the mistake 'twice' is empty: write it",
        "`when` of the mistake 'twice' ends with a full stop: leave it out",
        "`when` of the mistake 'twice' is empty: write it",
        "the mistake 'No slug' is no slug: use letters, digits and _",
        "2 mistakes are called 'twice': rename all but one",
    ]


@pytest.mark.parametrize("slug", collection.labs())
def test_the_labs_of_this_course_are_finished(slug: str) -> None:
    assert collection.problems(collect(slug)) == []


def test_this_course_has_no_orphans() -> None:
    assert collection.labs()
    assert collection.orphans() == []
