"""What hypothesis draws from: small shapes, cells, seeds."""

from hypothesis import strategies as st
from problems import CELLS, Shape, problem

seeds = st.integers(0, 2**32 - 1)
cells = st.sampled_from(CELLS)
shapes = st.builds(
    Shape,
    T=st.integers(1, 7),
    B=st.integers(1, 5),
    D=st.integers(1, 5),
    H=st.integers(1, 6),
    V=st.integers(2, 5),
)


def problems(cell=None, shapes=shapes):
    """Problems of one cell, or of any."""
    return st.builds(problem, cells if cell is None else st.just(cell), shapes, seeds)
