"""What is said of a guess once the picture is there: a word or a number, never a mark."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.labcheck.guessing import Guesses, compared


@pytest.mark.parametrize(
    ("guess", "truth", "also", "choices", "fared"),
    [
        ("yes", True, (), (), True),
        ("Yes, of course", True, (), (), True),
        (True, True, (), (), True),
        ("no", True, (), (), False),
        ("not at all", False, (), (), True),
        ("know", False, (), (), False),
        ("the product", "product", (), (), True),
        ("production", "product", (), (), False),
        ("in the matrix", "product", ("matrix",), (), True),
        ("tanh", "product", ("matrix",), (), False),
        ("GSG=", "gsg=", (), (), True),
        (10, 10, (), (), True),
        ("10", 10, (), (), True),
        ("step 10", 10, (), (), True),
        (9, 10, (), (), True),
        (3, 4, (), (), False),
        ("about 1e-3", 0.0011, (), (), True),
        ("1,000", 1000.0, (), (), True),
        ("60 %", 63.3, (), (), True),
        (-2, 2.0, (), (), False),
        ("−2", -2.0, (), (), True),
        ("many", 2.0, (), (), False),
        ("10^3", 1000.0, (), (), True),
        ("10**-3", 0.001, (), (), True),
        ("1/4", 0.25, (), (), True),
        ("1/0", 0.25, (), (), False),
        ("-1^0.5", 1.0, (), (), False),
        (float("nan"), 2.0, (), (), False),
        (100, 24_100.0, (), (2, 100, 10_000), False),
        (10_000, 24_100.0, (), (2, 100, 10_000), True),
        (9000, 24_100.0, (), (2, 100, 10_000), True),
        (1e-5, 5.6e-6, (), (1e-2, 1e-5, 1e-12), True),
        (0, 0.02, (), (0, 1), True),
    ],
)
def test_a_guess_is_as_it_is_or_not(
    guess: Any, truth: Any, also: tuple[str, ...], choices: tuple[float, ...], fared: bool
) -> None:
    assert compared(guess, truth, also, choices)[0] is fared


@pytest.mark.parametrize(
    ("guess", "truth", "how"),
    [
        (5.0, 50.0, "your guess is 10 times as small"),
        (100, 50.0, "your guess is the right size, though 2.0 times as large"),
        (52, 50.0, "close"),
        (3, 4, "your guess is the right size, though 1.3 times as small"),
        ("many", 4, "a number was asked for"),
    ],
)
def test_how_far_a_number_is_off_is_said(guess: Any, truth: Any, how: str) -> None:
    assert compared(guess, truth)[1] == how


def test_the_card_holds_the_guess_the_truth_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    guesses = Guesses()
    guesses.guess("no", about="echo")
    assert "no" in capsys.readouterr().out
    told = guesses.revealed("echo", True, "each state goes into the next.").text()
    assert told.splitlines()[0] == "echo    not as you guessed"
    assert [line.split(None, 1)[0] for line in told.splitlines()[2:]] == ["You", "It", "Because"]
    assert guesses.revealed("echo", False).outcome == "foreseen"


@pytest.mark.parametrize("left", ["…", "...", " ", ...])
def test_what_stood_there_is_no_guess_and_takes_one_back(
    left: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    guesses = Guesses()
    guesses.guess("yes", about="echo")
    guesses.guess(left, about="echo")
    assert "No guess yet" in capsys.readouterr().out
    message = guesses.revealed("echo", True)
    assert message.outcome == "not_guessed"
    assert "You guessed" not in message.text()


@pytest.mark.parametrize(
    ("truth", "told"),
    [(24_100.0, "24,100"), (0.0199, "0.0199"), (1.2e-7, "1.2e-07"), (True, "yes"), (107, "107")],
)
def test_numbers_are_told_as_people_write_them(truth: Any, told: str) -> None:
    assert f"It is          {told}" in Guesses().revealed("n", truth).text()
