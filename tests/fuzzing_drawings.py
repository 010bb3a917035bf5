"""Valid calls of the drawings, for the fuzz test: small numbers, lines with labels, tables."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from fuzzing import entry, say

from helpers import plots

WINDOWS = [(4, 1), (2, 2), (1, 4)]


def show_all() -> None:
    """Lay out and draw every figure that is open, as a notebook would, but into nothing."""
    for number in plt.get_fignums():
        plt.figure(number).draw_without_rendering()


def one(rng):
    """Axes of a figure that is there already, or None."""
    return plt.subplots()[1] if rng.random() < 0.5 else None


def several(rng, *shape):
    rows, columns = shape if len(shape) == 2 else (1, *shape)
    axes = plt.subplots(rows, columns, squeeze=False)[1].reshape(shape)
    return axes if rng.random() < 0.5 else None


def line(rng, n=3):
    """Numbers that are positive, half of the time of another size than 1, up to the bounds."""
    size = 10.0 ** rng.choice([-99, -6, -2, 3, 6, 99]) if rng.random() < 0.5 else 1.0
    return size * rng.uniform(0.1, 2, size=n)


def lines(rng, n=3, many=2):
    return {f"line {i}": line(rng, n) for i in range(many)}


def places(rng):
    """Whole numbers that ascend, 1 to 5 of them."""
    return np.cumsum(rng.integers(1, 5, size=rng.integers(1, 6)))


say("plots.style.use_style")


@entry("plots.bptt.backward_diagram")
def _backward_diagram(p, rng):
    shown = {"loss": 2, "state": None} if rng.random() < 0.5 else {"loss": None, "state": 1}
    return {"num_steps": 3, **shown, "ax": one(rng)}


@entry("plots.bptt.step_size_curve")
def _step_size_curve(p, rng):
    steps = line(rng, p.shape.T)
    errors = rng.uniform(0.1, 2, p.shape.T)
    sides = {"bend": errors / 2, "rounding": errors[::-1]}
    return {"steps": steps, "errors": errors, "sides": sides, "ax": one(rng)}


@entry("plots.bptt.gradient_triangle")
def _gradient_triangle(p, rng):
    n = p.shape.T
    return {"norms": np.tril(rng.uniform(0.1, 2, size=(n, n + 1)), 1), "ax": one(rng)}


@entry("plots.bptt.norms_by_lag")
def _norms_by_lag(p, rng):
    return {"curves": lines(rng, p.shape.T), "ylabel": "size", "xlabel": "lag", "ax": one(rng)}


@entry("plots.bptt.decay_by_radius")
def _decay_by_radius(p, rng):
    radii = np.sort(rng.uniform(0.1, 2, p.shape.T))
    return {"radii": radii, "rates": lines(rng, p.shape.T), "ax": one(rng)}


@entry("plots.bptt.bytes_by_steps")
def _bytes_by_steps(p, rng):
    T = places(rng)
    kept = dict.fromkeys(("a", "b"), 1000 * T)
    return {"num_steps": T, "measured": kept, "formula": dict(kept), "ax": one(rng)}


@entry("plots.bptt.norms_by_steps")
def _norms_by_steps(p, rng):
    T = places(rng)
    return {"num_steps": T, "norms": lines(rng, len(T)), "max_norm": 1.0, "ax": one(rng)}


@entry("plots.bptt.gate_histogram")
def _gate_histogram(p, rng):
    edges = np.linspace(0, 1, 1 + p.shape.T)
    shares = {label: 100 * rng.random(p.shape.T) for label in ("before", "after")}
    return {"edges": edges, "shares": shares, "axes": several(rng, 2)}


@entry("plots.bptt.gates_by_letter")
def _gates_by_letter(p, rng):
    return {"values": rng.random((3, p.shape.H)), "letters": ["a", "b", "space"], "ax": one(rng)}


say("plots.error_messages.Walk", reach=3, gone=True, changed=False, cut=False)


@entry("plots.error_messages.backward_walks")
def _backward_walks(p, rng):
    walks = {"kept": plots.Walk(4, changed=True), "cut": plots.Walk(3, cut=True)}
    return {"walks": walks, "num_steps": 3, "axes": several(rng, 2)}


@entry("plots.error_messages.cell_tables")
def _cell_tables(p, rng):
    tables = {"before": [["a", "b"], ["c", "d"]], "after": [["e"]]}
    return {"tables": tables, "wrong": {"before": [(0, 1)]}, "axes": several(rng, 2)}


@entry("plots.feedforward_batching.minibatch_diagram")
def _minibatch_diagram(p, rng):
    return {"num_samples": int(rng.integers(2, 9)), "ax": one(rng)}


@entry("plots.feedforward_batching.loss_paths")
def _loss_paths(p, rng):
    return {"w": np.arange(4.0), "b": np.arange(3.0), "loss": rng.uniform(0.1, 9, (3, 4)),
            "paths": {"one": rng.random((5, 2)), "all": rng.random((2, 2))},
            "best": np.array([1.0, 2.0]), "axes": several(rng, 2)}  # fmt: skip


@entry("plots.feedforward_batching.variance_by_batch")
def _variance_by_batch(p, rng):
    B = places(rng)
    predicted = {"with": 1 / B, "without": (1 / B) * (B[0] >= B)}
    return {"batch_sizes": B, "measured": {"with": 1 / B, "without": 2 / B},
            "predicted": predicted, "ax": one(rng)}  # fmt: skip


@entry("plots.feedforward_batching.cost_by_batch")
def _cost_by_batch(p, rng):
    B = places(rng)
    return {"batch_sizes": B, "seconds": lines(rng, len(B)), "axes": several(rng, 2)}


@entry("plots.feedforward_batching.updates_and_samples")
def _updates_and_samples(p, rng):
    B = places(rng)
    n = len(B)
    return {"batch_sizes": B, "updates": line(rng, n), "fitted": line(rng, n),
            "marks": {"seen": 2.0}, "axes": several(rng, 2)}  # fmt: skip


@entry("plots.feedforward_batching.rates_by_batch")
def _rates_by_batch(p, rng):
    B = places(rng)
    rates = lines(rng, len(B))
    return {"batch_sizes": B, "rates": rates, "marks": {"turn": 2.0}, "ax": one(rng)}


@entry("plots.layout.numbered_corpus")
def _numbered_corpus(p, rng):
    return {"num_tokens": 20, "batch_size": 3, "num_steps": p.shape.T, "tick": 1, "ax": one(rng)}


@entry("plots.layout.reading_order")
def _reading_order(p, rng):
    targets = {label: [rng.integers(9, size=(3, 2)) for _ in range(2)] for label in "abcd"}
    return {"targets": targets, "num_tokens": 9, "axes": several(rng, 2, 3)}


@entry("plots.layout.bits_by_row")
def _bits_by_row(p, rng):
    rows = {"reset": lines(rng), "carried": lines(rng)}
    return {"rows": rows, "lines": {"best": 0.5}, "log": True, "ax": one(rng)}


@entry("plots.layout.losses_by_update")
def _losses_by_update(p, rng):
    at = places(rng)
    curves = lines(rng, len(at))
    return {"updates": at, "curves": curves, "lines": {"best": 0.5}, "ax": one(rng)}


@entry("plots.names.axis_orders")
def _axis_orders(p, rng):
    users = {"time-major": ["torch", "ignite"], "batch-major": ["Keras"]}
    return {"tokens": ["ac", "bd", "ef"][: p.shape.T], "users": users, "ax": one(rng)}


@entry("plots.plane.window_shapes")
def _window_shapes(p, rng):
    return {"shapes": list(WINDOWS), "ax": one(rng)}


@entry("plots.plane.staircase")
def _staircase(p, rng):
    curves = {"reset": rng.random((3, 2)), "carried": rng.random((3, 1))}
    return {"splits": list(WINDOWS), "curves": curves, "floors": lines(rng),
            "ax": one(rng), "circled": 1}  # fmt: skip


@entry("plots.plane.loss_by_position")
def _loss_by_position(p, rng):
    n = p.shape.T
    return {"curves": lines(rng, n), "floors": lines(rng, n, 1), "distances": [2, 5],
            "ax": one(rng)}  # fmt: skip


@entry("plots.plane.plane_maps")
def _plane_maps(p, rng):
    return {"batch_sizes": [1, 2, 4], "num_steps": np.array([4, 8]),
            "maps": {"here": rng.random((2, 3))}, "texts": {"here": [["a", "b", "c"]] * 2},
            "allowed": {"here": [(1, 8), (2, 4)]}, "best": {"here": (2, 4)},
            "axes": several(rng, 1)}  # fmt: skip


@entry("plots.plane.throughput_by_axis")
def _throughput_by_axis(p, rng):
    sizes = places(rng)
    pair = [line(rng, len(sizes)) for _ in range(2)]
    return {"sizes": sizes, "curves": {"ours": pair, "theirs": pair}, "axes": several(rng, 2)}


@entry("plots.plane.bias_and_noise")
def _bias_and_noise(p, rng):
    return {"splits": list(WINDOWS), "tasks": {"near": lines(rng, many=3), "far": lines(rng)},
            "simulated": {"near": line(rng), "far": line(rng)},
            "axes": several(rng, 2)}  # fmt: skip


@entry("plots.plane.ratio_on_doubling")
def _ratio_on_doubling(p, rng):
    steps = places(rng)
    return {"steps": steps, "ratios": lines(rng, len(steps), 3), "ax": one(rng)}


@entry("plots.plane.noise_and_payoff")
def _noise_and_payoff(p, rng):
    moments, tokens = places(rng), places(rng)
    return {"moments": moments, "scales": rng.uniform(1, 9, (2, len(moments))), "tokens": tokens,
            "losses": rng.random((len(tokens), 3)), "floor": 0.1, "span": np.array([2.0, 6.0]),
            "axes": several(rng, 2)}  # fmt: skip


@entry("plots.ragged.ragged_tables")
def _ragged_tables(p, rng):
    starts = rng.random((p.shape.T, p.shape.B)) < 0.3
    return {"steps": places(rng), "starts": starts, "num_steps": 2, "axes": several(rng, 2)}


@entry("plots.ragged.weights_by_position")
def _weights_by_position(p, rng):
    return {"weights": line(rng, p.shape.T), "edges": np.array([0.5, 2.5]),
            "labels": {0: "first"}, "ax": one(rng)}  # fmt: skip


@entry("plots.ragged.leak_maps")
def _leak_maps(p, rng):
    maps = {label: rng.random((p.shape.T, p.shape.B)) for label in ("no reset", "reset")}
    return {"maps": maps, "axes": several(rng, 2)}


@entry("plots.ragged.loss_by_place")
def _loss_by_place(p, rng):
    n = p.shape.T
    return {"curves": lines(rng, n), "floor": line(rng, n), "ax": one(rng)}


@entry("plots.ragged.excess_by_cold_starts")
def _excess_by_cold_starts(p, rng):
    at = places(rng) - 1
    return {"cold_starts": at, "curves": lines(rng, len(at)), "floor": 1.0, "ax": one(rng)}


@entry("plots.recurrence.tick_table")
def _tick_table(p, rng):
    return {"tokens": [["a", "b"]] * p.shape.T, "tick": 0, "ax": one(rng)}


@entry("plots.recurrence.cold_start")
def _cold_start(p, rng):
    n = p.shape.T
    return {"carried": line(rng, n), "cold": line(rng, n), "guessing": 1.4, "ax": one(rng)}


@entry("plots.recurrence.change_map")
def _change_map(p, rng):
    change = rng.random((p.shape.T, p.shape.B)) * rng.integers(0, 2, (p.shape.T, p.shape.B))
    change[0, 0] = 0.5
    return {"change": change, "ax": one(rng)}


@entry("plots.recurrence.three_shapes")
def _three_shapes(p, rng):
    return {"num_tokens": 35, "drawn": 7, "ax": one(rng)}


@entry("plots.recurrence.graph_growth")
def _graph_growth(p, rng):
    T = places(rng)
    return {"num_steps": T, "nodes": {1: 3 * T, 8: 3 * T}, "ax": one(rng)}


@entry("plots.recurrence.cost_by_axis")
def _cost_by_axis(p, rng):
    B, T = places(rng), places(rng)
    return {"batch_size": B, "seconds_by_batch": line(rng, len(B)), "num_steps": T,
            "seconds_by_time": line(rng, len(T)), "ax": one(rng)}  # fmt: skip


@entry("plots.truncation.cut_triangles")
def _cut_triangles(p, rng):
    n = p.shape.T
    masks = {"full": np.tril(np.ones((n, n), bool)), "own cell": np.eye(n, dtype=bool)}
    counts = {label: rng.integers(9, size=n + 1) for label in masks}
    return {"masks": masks, "counts": counts, "axes": several(rng, 2, 2)}


@entry("plots.truncation.edges_diagram")
def _edges_diagram(p, rng):
    return {"num_steps": int(rng.integers(2, 5)), "axes": several(rng, 3)}


@entry("plots.truncation.signal_by_steps")
def _signal_by_steps(p, rng):
    steps = places(rng)
    n = len(steps)
    return {"steps": steps, "kept": line(rng, n), "measured": line(rng, n), "distance": 2,
            "ax": one(rng)}  # fmt: skip


@entry("plots.truncation.errors_by_depth")
def _errors_by_depth(p, rng):
    depths = places(rng)
    panels = {label: lines(rng, len(depths)) for label in ("before", "after")}
    return {"depths": depths, "panels": panels, "axes": several(rng, 2)}


@entry("plots.truncation.lags_by_distance")
def _lags_by_distance(p, rng):
    n = p.shape.T
    return {"norms": {1: line(rng, n), n + 1: line(rng, n + 2)}, "axes": several(rng, 2)}


@entry("plots.truncation.phase_picture")
def _phase_picture(p, rng):
    distances, steps = places(rng), places(rng)
    shares = {how: rng.random((len(distances), len(steps))) for how in ("reset", "carry")}
    return {"distances": distances, "steps": steps, "shares": shares, "axes": several(rng, 2)}


@entry("plots.truncation.shares_by_distance")
def _shares_by_distance(p, rng):
    distances = places(rng)
    shares = {how: rng.random(len(distances)) for how in ("reset", "carry")}
    return {"distances": distances, "shares": shares, "ax": one(rng)}


@entry("plots.truncation.mean_of_draws")
def _mean_of_draws(p, rng):
    draws = places(rng)
    n = len(draws)
    return {"draws": draws, "random_cuts": line(rng, n), "fixed": 0.4, "guide": line(rng, n),
            "ax": one(rng)}  # fmt: skip


@entry("plots.truncation.spread_by_length")
def _spread_by_length(p, rng):
    at = places(rng)
    return {"lengths": at, "spreads": lines(rng, len(at), 4), "ax": one(rng)}


@entry("plots.truncation.derivative_by_depth")
def _derivative_by_depth(p, rng):
    depths = places(rng)
    curves = {"cut": rng.normal(size=len(depths)), "not": line(rng, len(depths))}
    return {"depths": depths, "curves": curves, "true": 6.0, "ax": one(rng)}


@entry("plots.truncation.descents")
def _descents(p, rng):
    paths = {"away": -np.arange(4.0), "there": np.array([0.0, 0.1, 0.2])}
    return {"paths": paths, "target": 0.2, "ax": one(rng), "shown": 1.0}
