"""The shape checks are on in every test but those of error messages."""

import hypothesis
import jaxtyping
import numpy as np
import pytest

from helpers import corpus

WRONG = np.array([0.5])  # ids are integers


def test_shape_checks_are_on():
    with pytest.raises(jaxtyping.TypeCheckError):
        corpus.one_hot(WRONG, 3)
    with pytest.raises(jaxtyping.TypeCheckError):
        corpus.Text(WRONG, "ab")


@pytest.mark.messages
def test_shape_checks_are_off_in_tests_of_messages():
    with pytest.raises(ValueError, match="ids must be"):
        corpus.one_hot(WRONG, 3)
    corpus.Text(WRONG, "ab")


def test_draws_repeat_and_know_no_deadline():
    assert hypothesis.settings().derandomize
    assert hypothesis.settings().deadline is None
