"""The page of names says what the pinned libraries do, and where each name was read."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from helpers import bptt, lstm, rnn

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("KERAS_HOME", os.devnull)
import keras

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of another library's own imports
    from ignite.contrib.engines.tbptt import Tbptt_Events, create_supervised_tbptt_trainer

NOTEBOOK = Path(__file__).parents[1] / "notebooks/names.ipynb"
LIBRARIES = ["this course", "PyTorch", "Keras", "ignite", "TF 1", "fastai", "JAX, Flax"]


def markdown() -> str:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def tables() -> dict[str, list[list[str]]]:
    """Label of each section that has a table, and the table's rows without its head."""
    found = {}
    for label, body in re.findall(r"^\(([\w-]+)\)=\n(.*?)(?=^\([\w-]+\)=$|\Z)", markdown(),
                                  re.M | re.S):  # fmt: skip
        lines = re.findall(r"^\|(.*)\|$", body, re.M)
        rows = [[cell.strip() for cell in line.split("|")] for line in lines]
        heads = [i - 1 for i, row in enumerate(rows) if set(row[0]) == {"-"}]
        kept = [r for i, r in enumerate(rows) if i not in heads and set(r[0]) != {"-"}]
        if kept:
            found[label] = kept
    return found


MEANINGS = [label for label in tables() if label != "names-synonyms"]


def test_there_is_a_table_for_each_meaning():
    assert len(MEANINGS) >= 9
    assert len(tables()["names-synonyms"]) >= 18


@pytest.mark.parametrize("label", MEANINGS)
def test_a_table_of_a_meaning_goes_through_the_libraries_in_order(label):
    named = [row[0] for row in tables()[label]]
    assert named == [library for library in LIBRARIES if library in named]
    missing = set(LIBRARIES) - set(named)
    assert missing <= {"names-loss": {"fastai"}, "names-pair": {"ignite", "fastai"}}.get(
        label, set()
    )


@pytest.mark.parametrize("label", tables())
def test_every_row_says_where_the_name_was_read(label):
    unread = []
    for row in tables()[label]:
        text = " ".join(row)
        source = re.search(r"\]\(https://\S+\)|\{(?:ref|cite)\}`", text)
        by_a_cell = "`h.detach()`" in text or "most libraries" in text
        if not source and not by_a_cell:
            unread.append(row)
    assert unread == []


@pytest.mark.parametrize("label", tables())
def test_a_source_on_github_is_one_version_of_it(label):
    for row in tables()[label]:
        for address in re.findall(r"\]\((https://github\.com/[^)]+)\)", " ".join(row)):
            assert re.search(r"/blob/[0-9a-f]{40}/", address), address


def names_of(library: str) -> set[str]:
    """All that stands as code in the rows of one library."""
    rows = [row for label in MEANINGS for row in tables()[label] if row[0] == library]
    return {word for row in rows for word in re.findall(r"`([^`]+)`", " ".join(row))}


def defaults(function) -> dict[str, object]:
    return {name: p.default for name, p in inspect.signature(function).parameters.items()}


def test_keras_has_the_names_that_the_tables_give_it():
    told = names_of("Keras")
    layer = defaults(keras.layers.SimpleRNN.__init__) | defaults(keras.layers.SimpleRNN.call)
    for name in ("return_state", "initial_state", "unroll"):
        assert name in told & set(layer), name
    assert "stateful=True" in told
    assert layer["stateful"] is False
    assert {"reset_state()", "batch_size", "batch_shape"} <= told
    assert callable(keras.layers.SimpleRNN.reset_state)
    assert defaults(keras.Model.fit)["shuffle"] is True
    assert "batch_size" in defaults(keras.Model.fit)
    assert "batch_shape" in defaults(keras.Input)
    assert '"sum_over_batch_size"' in told
    loss = defaults(keras.losses.SparseCategoricalCrossentropy.__init__)
    assert loss["reduction"] == "sum_over_batch_size"
    assert "[batch, timesteps, feature]" in told
    assert "`[batch, timesteps, feature]`" in keras.layers.SimpleRNN.__doc__


def test_keras_no_longer_has_the_names_that_are_said_to_be_gone():
    assert "time_major" in names_of("Keras")
    assert "time_major" not in defaults(keras.layers.RNN.__init__)
    assert "time_major" not in defaults(keras.layers.SimpleRNN.__init__)


def test_ignite_has_the_names_that_the_tables_give_it():
    told, trainer = names_of("ignite"), defaults(create_supervised_tbptt_trainer)
    assert {"tbtt_step", "dim"} <= told & set(trainer)
    assert trainer["dim"] == 0
    source = inspect.getsource(sys.modules[create_supervised_tbptt_trainer.__module__])
    for name in ("_detach_hidden", "hidden = None", "loss_list", "hidden"):
        assert name in told, name
        assert name in source, name
    assert "`TIME_ITERATION`" in markdown()
    assert {event.name for event in Tbptt_Events} == {
        "TIME_ITERATION_STARTED",
        "TIME_ITERATION_COMPLETED",
    }


def test_torch_has_the_names_that_the_tables_give_it():
    told = names_of("PyTorch")
    assert {"batch_first", "reduction", '"mean"', "h.detach()", "(h_n, c_n)", "L", "N"} <= told
    assert torch.nn.RNN(2, 3).batch_first is False
    assert torch.nn.CrossEntropyLoss().reduction == "mean"
    shapes = torch.nn.RNN.__doc__
    assert "(L, N, H_{in})" in shapes
    assert "(seq, batch, feature)" in shapes
    assert "(h_n, c_n)" in torch.nn.LSTM.__doc__


def test_an_lstm_hands_out_its_output_state_first_in_torch_and_in_keras():
    x = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1))
    outputs, (h, c) = torch.nn.LSTM(3, 4, batch_first=True)(x)
    assert torch.equal(outputs[:, -1], h[0])
    assert not torch.equal(outputs[:, -1], c[0])
    layer = keras.layers.LSTM(4, return_sequences=True, return_state=True)
    outputs, h, c = layer(x)
    assert torch.equal(outputs[:, -1], h)
    assert not torch.equal(outputs[:, -1], c)


@pytest.mark.parametrize(("T", "B", "carried"), [(3, 2, True), (3, 2, False), (1, 5, True)])
def test_a_stateful_lstm_of_keras_makes_the_gradients_of_windows(T, B, carried):
    """The notebook shows it for the tanh cell; here another cell, and other sizes."""
    V, H = 4, 3
    rng = np.random.default_rng(7)
    params, ids = lstm.init(V, H, V, rng), rng.integers(V, size=(2 * T + 1, B))
    layer = keras.layers.LSTM(H, return_sequences=True, stateful=True, use_cudnn=False)
    net = keras.Sequential([keras.Input(batch_shape=(B, T, V)), layer, keras.layers.Dense(V)])
    net.set_weights(list(vars(params).values()))
    loss_of, state = keras.losses.SparseCategoricalCrossentropy(from_logits=True), None
    for start in (0, T):
        x, y = np.eye(V)[ids[start : start + T]], ids[start + 1 : start + T + 1]
        tape = lstm.forward(params, x, state)
        loss, dlogits = rnn.cross_entropy(tape.logits, y)
        wanted, _ = lstm.backward(params, tape, dlogits)
        state = tape.state(T) if carried else None
        if not carried:
            layer.reset_state()
        got = loss_of(y.T, net(x.swapaxes(0, 1)))
        grads = torch.autograd.grad(got, [v.value for v in net.trainable_variables])
        assert abs(got.item() - loss) < 1e-6
        for one, other in zip(grads, vars(wanted).values(), strict=True):
            np.testing.assert_allclose(one.numpy(), other, rtol=0, atol=1e-6)


def test_a_learning_rate_times_t_is_what_a_sum_over_time_means():
    assert "With plain gradient descent that is a learning rate times T" in markdown()
    rng = np.random.default_rng(8)
    params, ids = rnn.init(4, 3, 4, rng), rng.integers(4, size=(6, 2))
    tape = rnn.forward(params, ids[:-1])
    _, dlogits = rnn.cross_entropy(tape.logits, ids[1:])
    mean = bptt.backward(params, tape, dlogits)[0]
    layer_by_step = [torch.tensor(step, requires_grad=True) for step in tape.logits]
    each = [
        torch.nn.functional.cross_entropy(step, torch.tensor(y))
        for step, y in zip(layer_by_step, ids[1:], strict=True)
    ]
    sums = torch.autograd.grad(sum(each), layer_by_step)
    summed = bptt.backward(params, tape, np.stack([g.numpy() for g in sums]))[0]
    np.testing.assert_allclose(summed.flat(), 5 * mean.flat(), rtol=0, atol=1e-12)


def test_the_first_cell_writes_no_settings_into_the_home_folder_and_says_nothing(tmp_path):
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    inside = {k: v for k, v in os.environ.items() if not k.startswith("KERAS")}
    inside |= {"HOME": str(tmp_path), "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    code = f"{first}\nprint(keras.backend.backend())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=inside, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "torch"
    assert done.stderr == ""
    assert not (tmp_path / ".keras").exists()
