"""What tells one recurrent cell from another: one tick, and one step back.

Axes are time, batch, features: T steps of B streams, D inputs, H hidden
units, V symbols. A cell's blocks of H columns stand side by side in the G
columns of W_xh, W_hh and b_h. A state is a tuple of arrays (B, H), the
output first: ``(h,)``, and ``(h, c)`` for the LSTM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Integer
from numpy import add, multiply, tanh

Array = np.ndarray
State = tuple[Float[Array, "B H"], ...]
Direct = tuple[Array | None, Array | None]  # to h and c of the step before
States = tuple[Float[Array, "T+1 B H"], ...]


@dataclass(frozen=True)
class Cell:
    """One of `RNN`, `LSTM` and `GRU`."""

    name: str
    blocks: tuple[str, ...]
    parts: int  # arrays that make a state
    tick: Callable[..., None]  # one step
    slopes: Callable[[Tape], list[Array]]  # what `back` needs, all steps
    back: Callable[..., Direct]  # one step back


@dataclass(frozen=True)
class Params:
    """Weights of a cell and of its output layer; a gradient is one too."""

    cell: Cell = field(repr=False)
    W_xh: Float[Array, "D G"]
    W_hh: Float[Array, "H G"]
    b_h: Float[Array, " G"]
    W_hy: Float[Array, "H V"]
    b_y: Float[Array, " V"]
    b_hn: Float[Array, " H"] | None = None  # GRU: scaled by its reset gate

    def arrays(self) -> dict[str, Array]:
        """The arrays by name."""
        every = {f.name: getattr(self, f.name) for f in fields(self)[1:]}
        return {k: array for k, array in every.items() if array is not None}

    def map(self, f: Callable[..., Array], *others: Params) -> Params:
        """`f` of each array: ``p.map(lambda w, g: w - g, grads)``."""
        every = (self, *others)
        return Params(self.cell, *(
            f(*(getattr(p, k) for p in every)) for k in self.arrays()))

    def flat(self) -> Float[Array, " P"]:
        """All entries in one vector (a copy)."""
        return np.concatenate([a.ravel() for a in self.arrays().values()])

    def like(self, vector: Float[Array, " P"]) -> Params:
        """These shapes as views of `vector`, in the order of `flat`."""
        sizes = [array.size for array in self.arrays().values()]
        views = iter(np.split(vector, np.cumsum(sizes)[:-1]))
        return self.map(lambda w: next(views).reshape(w.shape))


@dataclass(frozen=True)
class Tape:
    """What a forward pass keeps for the backward pass."""

    cell: Cell
    x: Float[Array, "T B D"] | Integer[Array, "T B"]
    states: States  # entry 0 is the initial one, t + 1 that after step t
    gates: Float[Array, "T B G"]  # the blocks after the sigmoid or tanh
    saved: Any  # (T, B, H) LSTM: tanh(c), GRU: h W_hn + b_hn
    logits: Float[Array, "T B V"]
    reset: Bool[Array, "T B"] | None

    @property
    def h(self) -> Float[Array, "T+1 B H"]:
        """States; entry 0 is the initial one."""
        return self.states[0]

    def gate(self, name: str) -> Float[Array, "T B H"]:
        """One of the cell's blocks, as a view."""
        if name not in self.cell.blocks:
            raise ValueError(f"name: one of {self.cell.blocks}, got {name}")
        i, H = self.cell.blocks.index(name), self.h.shape[-1]
        return self.gates[..., i * H : (i + 1) * H]

    def state(self, position: int) -> State:
        """Row `position` of the states, 0 to T: what enters that step."""
        if not 0 <= position <= len(self.x):
            what = f"position must be in 0..{len(self.x)}"
            raise ValueError(f"{what}, got {position}")
        return tuple(part[position].copy() for part in self.states)


def unless_reset(tape: Tape, value: Array) -> Float[Array, "T B H"]:
    """`value`, but 0 at the steps before which the state was reset."""
    if tape.reset is None:
        return value
    return np.where(tape.reset[..., None], 0, value)


# The three cells.
# A tick gets `a` (B, G) as x_t W_xh + b_h and turns it into the gates;
# `h_W` is h_{t-1} W_hh; the state after the step goes into `new`.
# Slopes are (T, B, G): of h, or c, along each block. A step back gets those
# of step t as `da`, turns them into dloss/da, and returns what dh and dc of
# step t - 1 get directly, that is not through W_hh.


def _rnn_tick(a: Array, h_W: Array, old: list[Array], new: list[Array],
              saved: Any, b_hn: Any) -> None:
    """h_t = tanh(x_t W_xh + h_{t-1} W_hh + b_h), after Elman 1990."""
    add(a, h_W, a)
    tanh(a, a)  # `a` and the new state share their memory: _empty


def _rnn_slopes(tape: Tape) -> list[Array]:
    return [1 - np.square(tape.h[1:])]


def _rnn_back(da: Array, dh: Array) -> Direct:
    multiply(da, dh, da)
    return None, None


def _sigmoid(a: Array) -> None:
    a *= 0.5
    tanh(a, a)  # which never overflows
    a += 1
    a *= 0.5


def _lstm_tick(a: Array, h_W: Array, old: list[Array], new: list[Array],
               tanh_c: Array, b_hn: Any) -> None:
    """c_t = f c_{t-1} + i g, h_t = o tanh(c_t): Hochreiter et al. 1997."""
    a += h_W
    H = a.shape[1] // 4
    i, f, g, o = (a[:, k * H : (k + 1) * H] for k in range(4))
    _sigmoid(a[:, : 2 * H])
    tanh(g, g)
    _sigmoid(o)
    add(f * old[1], i * g, new[1])
    multiply(o, tanh(new[1], tanh_c), new[0])


def _lstm_slopes(tape: Tape) -> list[Array]:
    i, f, g, o = (tape.gate(name) for name in LSTM.blocks)
    c, tanh_c = unless_reset(tape, tape.states[1][:-1]), tape.saved
    blocks = [g * i * (1 - i), c * f * (1 - f), i * (1 - g * g),
              tanh_c * o * (1 - o)]
    dh_dc, dc_dc = o * (1 - tanh_c * tanh_c), unless_reset(tape, f)
    return [np.concatenate(blocks, -1), dh_dc, dc_dc]


def _lstm_back(da: Array, dh_dc: Array, dc_dc: Array, dh: Array,
               dc: Array) -> Direct:
    dc = dh * dh_dc + dc
    da *= np.concatenate([dc, dc, dc, dh], -1)
    return None, dc * dc_dc  # directly, scaled by the forget gate alone


def _gru_tick(a: Array, h_W: Array, old: list[Array], new: list[Array],
              recalled: Array, b_hn: Array) -> None:
    """With n = tanh(x W_n + b_n + r (h W_hn + b_hn)), n + z (h - n).

    As in PyTorch; in Cho et al. 2014 r scales h before the product.
    """
    H = a.shape[1] // 3
    r, z, n = (a[:, k * H : (k + 1) * H] for k in range(3))
    a[:, : 2 * H] += h_W[:, : 2 * H]
    _sigmoid(a[:, : 2 * H])
    add(h_W[:, 2 * H :], b_hn, recalled)
    n += r * recalled
    tanh(n, n)
    add(n, z * (old[0] - n), new[0])


def _gru_slopes(tape: Tape) -> list[Array]:
    r, z, n = (tape.gate(name) for name in GRU.blocks)
    h, recalled = unless_reset(tape, tape.h[:-1]), tape.saved
    at_n = (1 - z) * (1 - n * n)
    blocks = [at_n * recalled * r * (1 - r), (h - n) * z * (1 - z),
              at_n * r]
    return [np.concatenate(blocks, -1), z, at_n]


def _gru_back(da: Array, keep: Array, at_n: Array, dh: Array) -> Direct:
    da *= np.concatenate([dh, dh, dh], -1)
    return dh * keep, None  # what was kept of h


RNN = Cell("RNN", ("state",), 1, _rnn_tick, _rnn_slopes, _rnn_back)
LSTM = Cell("LSTM", ("input", "forget", "cell", "output"), 2,
            _lstm_tick, _lstm_slopes, _lstm_back)
GRU = Cell("GRU", ("reset", "update", "candidate"), 1,
           _gru_tick, _gru_slopes, _gru_back)
