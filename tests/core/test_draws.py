"""Hidden inputs: one student, one draw; and nothing of them without the course secret."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import click
import numpy as np
import pytest
from core_kit import grade, of, program

from autograder.course import secret
from autograder.judge.grader import Grader
from autograder.judge.oracle import DRAWS, Oracle
from autograder.labcheck.tree import Array, live
from autograder.spec import Exercise
from autograder.spec.collection import Collected


def exercise(lab: Collected, name: str = "rnn_forward") -> Exercise:
    return next(one for one in lab.exercises if one.name == name)


def numbers(oracle: Oracle, one: Exercise, draw: int) -> dict[str, np.ndarray]:
    """All numbers that are drawn for an exercise, by case and argument."""
    return {
        f"{request.case.name} {name}": value.values
        for request, _ in oracle.expected(one, draw)
        for name, value in request.question.arguments.items()
        if isinstance(value, Array)
    }


def test_a_student_always_gets_the_same_draw(grader: Grader, lab2: Collected) -> None:
    one = exercise(lab2)
    other = Oracle(lab2, grader.oracle.secret, grader.sandbox)
    try:
        for student in ("ada", "grace", "名前", "\udcff", "", "a/b"):
            draw = grader.oracle.draw(student, one)
            assert 0 <= draw < DRAWS
            assert draw == other.draw(student, one)
        mine, again = (numbers(oracle, one, 3) for oracle in (grader.oracle, other))
    finally:
        other.close()
    assert mine.keys() == again.keys()
    assert all((mine[name] == again[name]).all() for name in mine)


def test_students_and_exercises_are_spread_over_the_draws(grader: Grader, lab2: Collected) -> None:
    one, two = exercise(lab2), exercise(lab2, "rnn_step")
    first = [grader.oracle.draw(f"student {n}", one) for n in range(300)]
    second = [grader.oracle.draw(f"student {n}", two) for n in range(300)]
    assert set(first) == set(second) == set(range(DRAWS))
    assert first != second
    assert max(map(first.count, range(DRAWS))) < 40


def test_other_draws_and_other_secrets_give_other_numbers(grader: Grader, lab2: Collected) -> None:
    one = exercise(lab2)
    other = Oracle(lab2, b"another secret of the course", grader.sandbox)
    try:
        sets = [
            numbers(grader.oracle, one, 0),
            numbers(grader.oracle, one, 1),
            numbers(other, one, 0),
        ]
    finally:
        other.close()
    for place, left in enumerate(sets):
        for right in sets[place + 1 :]:
            for name in left:
                alike = left[name] == right[name]
                assert not (alike.all() if "integer" in name else alike.any()), name


def test_each_case_that_draws_anew_draws_other_numbers(grader: Grader, lab2: Collected) -> None:
    found = numbers(grader.oracle, exercise(lab2), 0)
    assert not (found["values x"] == found["values of a third draw x"]).any()
    assert (found["values x"] == found["second call x"]).all()
    assert found["float32 x"].dtype == np.float32
    assert found["values x"].shape == (3, 5, 4)
    assert found["values at other sizes x"].shape == (4, 6, 5)
    assert (found["values h0"] != 0).all()
    assert (found["values W_hh"] != found["values W_hh"].T).any()


def test_the_expected_numbers_are_those_of_the_formula(grader: Grader, lab2: Collected) -> None:
    for request, due in grader.oracle.expected(exercise(lab2), 5):
        given = {name: value.values for name, value in request.question.arguments.items()}
        if request.case.observe == "arguments":
            assert all((due.tree[name].values == given[name]).all() for name in given)
            continue
        h, states = given["h0"].astype(float), []
        for t in range(given["x"].shape[1]):
            z = given["b_h"] + np.einsum("bi,ih->bh", given["x"][:, t], given["W_xh"])
            h = np.tanh(z + np.einsum("bj,jh->bh", h, given["W_hh"]))
            states.append(h)
        single = request.case.dtype == "float32"
        np.testing.assert_allclose(
            due.tree.values.astype(float),
            np.stack(states, 1),
            rtol=1e-4 if single else 1e-12,
            atol=1e-5 if single else 1e-14,
            strict=True,
        )


def test_a_copied_answer_fits_one_draw_alone(grader: Grader, lab2: Collected) -> None:
    """A program that has every number of its author's draw by heart, handed in by another."""
    one = exercise(lab2, "relative_error")
    mine = grader.oracle.draw("ada", one)
    table = {
        np.asarray(live(request.question.arguments["a"])).tobytes(): due.tree
        for request, due in grader.oracle.expected(one, mine)
        if request.case.observe == "result"
    }
    source = (
        f"TABLE = {table!r}\n\n\ndef relative_error(a, b):\n"
        "    return TABLE[np.asarray(a).tobytes()]"
    )
    text = program(relative_error=source)
    assert of(grade(grader, text, "ada.py"), "relative_error").outcome == "right"
    names = (f"student {n}" for n in range(99))
    other = next(name for name in names if grader.oracle.draw(name, one) != mine)
    assert of(grade(grader, text, f"{other}.py"), "relative_error").score == 0


# -- the secret ----------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(secret.VARIABLE, raising=False)
    return tmp_path


def test_a_secret_is_made_once_and_is_its_owners_alone(root: Path) -> None:
    made = secret.course_secret(root=root)
    path = root / "results" / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == made
    assert len(made) >= 32
    assert secret.course_secret(root=root) == made
    assert [one.name for one in path.parent.iterdir()] == ["secret"]
    assert secret.course_secret(root=root / "another") != made


def test_where_two_make_a_secret_at_once_both_get_the_same(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def slow(beside: Path, path: Path) -> None:
        if not path.exists():
            path.write_bytes(b"the secret of the other")
        link(beside, path)

    monkeypatch.setattr(os, "link", slow)
    assert secret.course_secret(root=root) == b"the secret of the other"
    assert [one.name for one in (root / "results").iterdir()] == ["secret"]


def test_a_file_comes_before_the_environment_before_the_default(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = secret.course_secret(root=root)
    monkeypatch.setenv(secret.VARIABLE, "  from the environment\n")
    assert secret.course_secret(root=root) == b"from the environment" != default
    told = root / "told"
    told.write_bytes(b"\nfrom a file that was told\n")
    assert secret.course_secret(told, root=root) == b"from a file that was told"
    monkeypatch.setenv(secret.VARIABLE, "0123456789abcde\udcff")
    assert secret.course_secret(root=root) == b"0123456789abcde\xff"


def test_a_secret_that_cannot_be_used_is_refused_with_the_reason(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "short").write_bytes(b"fifteen letters")
    cases = {"short": "shorter than 16", "gone": "No such file", ".": "Is a directory"}
    for name, words in cases.items():
        with pytest.raises(click.UsageError, match=words):
            secret.course_secret(root / name, root=root)
    monkeypatch.setenv(secret.VARIABLE, " " * 40)
    with pytest.raises(click.UsageError, match="AUTOGRADER_SECRET is shorter than 16"):
        secret.course_secret(root=root)
    assert not (root / "results").exists()


def test_a_course_that_cannot_be_written_says_how_to_go_on(root: Path) -> None:
    (root / "results").write_text("a file where a folder should be")
    with pytest.raises(click.UsageError, match="--secret-file or the variable AUTOGRADER_SECRET"):
        secret.course_secret(root=root)
