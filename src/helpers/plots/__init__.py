"""Arrays in, Axes out: every drawing of the course, in one style.

A colour means the same thing in every figure; `style.COLOURS` says what.
"""

from helpers.plots.bptt import (
    backward_diagram,
    bytes_by_steps,
    decay_by_radius,
    gate_histogram,
    gates_by_letter,
    gradient_triangle,
    norms_by_lag,
    norms_by_steps,
    step_size_curve,
)
from helpers.plots.error_messages import Walk, backward_walks, cell_tables
from helpers.plots.feedforward_batching import (
    cost_by_batch,
    loss_paths,
    minibatch_diagram,
    rates_by_batch,
    updates_and_samples,
    variance_by_batch,
)
from helpers.plots.layout import (
    bits_by_row,
    losses_by_update,
    numbered_corpus,
    reading_order,
)
from helpers.plots.names import axis_orders
from helpers.plots.plane import (
    bias_and_noise,
    loss_by_position,
    noise_and_payoff,
    plane_maps,
    ratio_on_doubling,
    staircase,
    throughput_by_axis,
    window_shapes,
)
from helpers.plots.ragged import (
    excess_by_cold_starts,
    leak_maps,
    loss_by_place,
    ragged_tables,
    weights_by_position,
)
from helpers.plots.recurrence import (
    change_map,
    cold_start,
    cost_by_axis,
    graph_growth,
    three_shapes,
    tick_table,
)
from helpers.plots.style import COLOURS, use_style
from helpers.plots.truncation import (
    cut_triangles,
    derivative_by_depth,
    descents,
    edges_diagram,
    errors_by_depth,
    lags_by_distance,
    mean_of_draws,
    phase_picture,
    shares_by_distance,
    signal_by_steps,
    spread_by_length,
)

__all__ = [
    "COLOURS",
    "Walk",
    "axis_orders",
    "backward_diagram",
    "backward_walks",
    "bias_and_noise",
    "bits_by_row",
    "bytes_by_steps",
    "cell_tables",
    "change_map",
    "cold_start",
    "cost_by_axis",
    "cost_by_batch",
    "cut_triangles",
    "decay_by_radius",
    "derivative_by_depth",
    "descents",
    "edges_diagram",
    "errors_by_depth",
    "excess_by_cold_starts",
    "gate_histogram",
    "gates_by_letter",
    "gradient_triangle",
    "graph_growth",
    "lags_by_distance",
    "leak_maps",
    "loss_by_place",
    "loss_by_position",
    "loss_paths",
    "losses_by_update",
    "mean_of_draws",
    "minibatch_diagram",
    "noise_and_payoff",
    "norms_by_lag",
    "norms_by_steps",
    "numbered_corpus",
    "phase_picture",
    "plane_maps",
    "ragged_tables",
    "rates_by_batch",
    "ratio_on_doubling",
    "reading_order",
    "shares_by_distance",
    "signal_by_steps",
    "spread_by_length",
    "staircase",
    "step_size_curve",
    "three_shapes",
    "throughput_by_axis",
    "tick_table",
    "updates_and_samples",
    "use_style",
    "variance_by_batch",
    "weights_by_position",
    "window_shapes",
]
