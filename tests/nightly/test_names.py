"""The page of names says what the pinned libraries do: their names, defaults and shapes."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import warnings

import pytest
import torch
from sources import markdown, notebook

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("KERAS_HOME", os.devnull)
import keras

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of another library's own imports
    from ignite.contrib.engines.tbptt import Tbptt_Events, create_supervised_tbptt_trainer

TEXT = markdown()["notebooks/names.ipynb"]
ROWS = [row for row in re.findall(r"^\| *([^|]+?) *\|(.*)\|$", TEXT, re.M) if set(row[0]) != {"-"}]


def told(library: str) -> set[str]:
    """All that stands as code in the rows of one library."""
    return {word for name, row in ROWS if name == library for word in re.findall(r"`([^`]+)`", row)}


def defaults(*functions) -> dict[str, object]:
    parameters = [inspect.signature(each).parameters.items() for each in functions]
    return {name: one.default for each in parameters for name, one in each}


RNN = keras.layers.SimpleRNN
SIMPLE = defaults(RNN.__init__, RNN.call)
FIT, INPUT = defaults(keras.Model.fit), defaults(keras.Input)
LOSS = defaults(keras.losses.SparseCategoricalCrossentropy.__init__)
TRAINER = defaults(create_supervised_tbptt_trainer)
ENGINE = inspect.getsource(sys.modules[create_supervised_tbptt_trainer.__module__])
FACTS = [
    ("Keras", ("return_state",), "return_state" in SIMPLE),
    ("Keras", ("initial_state",), "initial_state" in SIMPLE),
    ("Keras", ("unroll",), "unroll" in SIMPLE),
    ("Keras", ("stateful=True",), SIMPLE["stateful"] is False),
    ("Keras", ("reset_state()",), callable(RNN.reset_state)),
    ("Keras", ("batch_size",), FIT["shuffle"] is True and "batch_size" in FIT),
    ("Keras", ("batch_shape",), "batch_shape" in INPUT),
    ("Keras", ('"sum_over_batch_size"',), LOSS["reduction"] == "sum_over_batch_size"),
    ("Keras", ("[batch, timesteps, feature]",), "`[batch, timesteps, feature]`" in RNN.__doc__),
    ("Keras", ("time_major",), "time_major" not in defaults(keras.layers.RNN.__init__) | SIMPLE),
    ("ignite", ("tbtt_step", "dim"), "tbtt_step" in TRAINER and TRAINER["dim"] == 0),
    ("ignite", ("_detach_hidden", "hidden = None", "loss_list"),
     all(each in ENGINE for each in ("_detach_hidden", "hidden = None", "loss_list"))),
    ("ignite", (), {"TIME_ITERATION_STARTED", "TIME_ITERATION_COMPLETED"}
     == {event.name for event in Tbptt_Events}),
    ("PyTorch", ("batch_first",), torch.nn.RNN(2, 3).batch_first is False),
    ("PyTorch", ("reduction", '"mean"'), torch.nn.CrossEntropyLoss().reduction == "mean"),
    ("PyTorch", ("L", "N"), "(L, N, H_{in})" in torch.nn.RNN.__doc__),
    ("PyTorch", ("(h_n, c_n)",), "(h_n, c_n)" in torch.nn.LSTM.__doc__),
]  # fmt: skip


@pytest.mark.parametrize(("library", "words", "holds"), FACTS)
def test_a_library_has_the_names_that_the_tables_give_it(library, words, holds):
    assert set(words) <= told(library)
    assert holds, f"mend the rows of {library}: another version has other names"


def test_every_row_says_where_the_name_was_read_and_in_which_version():
    unread, loose = [], []
    for name, row in ROWS:
        by_a_cell = "`h.detach()`" in row or "most libraries" in name + row
        if not by_a_cell and not re.search(r"\]\(https://\S+\)|\{(?:ref|cite)\}`", name + row):
            unread.append(f"{name} {row}")
        addresses = re.findall(r"\]\((https://github\.com/[^)]+)\)", row)
        loose += [each for each in addresses if not re.search(r"/blob/[0-9a-f]{40}/", each)]
    heads = [row for row in unread if "`" not in row and "(" not in row]
    assert [row for row in unread if row not in heads] == []
    assert loose == []


def test_an_lstm_hands_out_its_output_state_first_in_torch_and_in_keras():
    x = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1))
    outputs, (h, c) = torch.nn.LSTM(3, 4, batch_first=True)(x)
    assert torch.equal(outputs[:, -1], h[0])
    assert not torch.equal(outputs[:, -1], c[0])
    outputs, h, c = keras.layers.LSTM(4, return_sequences=True, return_state=True)(x)
    assert torch.equal(outputs[:, -1], h)
    assert not torch.equal(outputs[:, -1], c)


def test_the_first_cell_writes_no_settings_into_the_home_folder_and_says_nothing(tmp_path):
    first = next(cell.source for cell in notebook("names").cells if cell.cell_type == "code")
    inside = {k: v for k, v in os.environ.items() if not k.startswith("KERAS")}
    inside |= {"HOME": str(tmp_path), "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    done = subprocess.run([sys.executable, "-c", first], env=inside, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / ".keras").exists()
