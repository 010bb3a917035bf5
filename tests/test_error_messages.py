"""The page of error messages: its stored words are what the pinned libraries say.

Each error is raised here once more, by other means than in the notebook.
"""

import os
import re
from pathlib import Path

import nbformat
import pytest
import torch
from sections import labelled
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("KERAS_HOME", os.devnull)

NOTEBOOK = nbformat.read(Path(__file__).parents[1] / "notebooks/error_messages.ipynb", as_version=4)
SECTIONS = (
    "error-second-time",
    "error-inplace",
    "error-hidden-size",
    "error-dimensions",
    "error-stateful",
    "error-broadcast",
    "error-layout",
    "error-memory",
    "error-nan",
)


def cells_of(label):
    """The cells from the one that holds the label to the one before the next label."""
    starts = {
        found: number
        for number, cell in enumerate(NOTEBOOK.cells)
        if cell.cell_type == "markdown"
        for found in re.findall(r"^\((error-[\w-]+)\)=", cell.source, re.M)
    }
    order = sorted(starts, key=starts.get)
    after = order.index(label) + 1
    stop = starts[order[after]] + 1 if after < len(order) else len(NOTEBOOK.cells)
    return NOTEBOOK.cells[starts[label] : stop]


def printed(label):
    """All that the section's cells have printed, with single spaces."""
    outputs = [o for c in cells_of(label) if c.cell_type == "code" for o in c.outputs]
    return " ".join(" ".join(o.text for o in outputs if o.output_type == "stream").split())


def prose(label):
    text = "\n".join(c.source for c in cells_of(label) if c.cell_type == "markdown")
    return text[text.index(f"({label})=") :]


def words(error):
    """What an exception says, without the colours of a terminal, with single spaces."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split())


def second_backward(**options):
    w = torch.ones(5, 5, dtype=torch.float64, requires_grad=True)
    h = torch.ones(1, 5, dtype=torch.float64)
    for _ in range(3):
        h = torch.tanh(h @ w)
        h.sum().backward(**options)
        with torch.no_grad():
            w.sub_(w.grad)


def rnn(*shape, state=None, kind=nn.RNN, **options):
    kind(7, 5, **options)(torch.zeros(shape), state)


def stateful(batch_size):
    import keras

    layer = keras.layers.SimpleRNN(5, stateful=True, return_sequences=True)
    return keras.Sequential([keras.Input(batch_shape=(batch_size, 4, 7)), layer])


RAISED = {
    "second": ("error-second-time", second_backward),
    "hidden": ("error-hidden-size", lambda: rnn(4, 2, 7, state=torch.zeros(1, 4, 5))),
    "pair": (
        "error-hidden-size",
        lambda: rnn(4, 2, 7, state=(torch.zeros(1, 4, 5),) * 2, kind=nn.LSTM),
    ),
    "one": ("error-dimensions", lambda: rnn(4)),
    "four": ("error-dimensions", lambda: rnn(4, 4, 7, 1)),
    "turned": (
        "error-dimensions",
        lambda: rnn(4, 4, 7, state=torch.zeros(4, 1, 5), batch_first=True),
    ),
    "static": ("error-stateful", lambda: stateful(None)),
    "target": (
        "error-broadcast",
        lambda: cross_entropy(torch.zeros(4, 7, 3).mT, torch.zeros(4, 3).long()),
    ),
    "memory": ("error-memory", lambda: torch.empty(2**53, dtype=torch.uint8)),
}


@pytest.mark.parametrize("name", RAISED)
def test_stored_words_are_the_librarys(name):
    label, attempt = RAISED[name]
    with pytest.raises((RuntimeError, ValueError)) as caught:
        attempt()
    said = words(caught.value)
    if name == "memory":
        said = said[said.index("DefaultCPUAllocator") :]
    assert said in printed(label)


def test_stored_words_on_changed_weights_are_the_librarys():
    with pytest.raises(RuntimeError) as caught:
        second_backward(retain_graph=True)
    said, stored = (
        re.sub(r", which is output \d+ of \w+,|version \d+", "", text)
        for text in (words(caught.value), printed("error-inplace"))
    )
    assert said in stored


def test_stored_words_on_a_smaller_batch_are_the_librarys():
    with pytest.raises(ValueError, match="stateful") as caught:
        stateful(4)(torch.zeros(2, 4, 7))
    said = words(caught.value).partition(" Arguments received")[0]
    assert said in printed("error-stateful")


def test_stored_words_of_the_warning_are_the_librarys():
    with pytest.warns(UserWarning, match="target size") as caught:
        mse_loss(torch.zeros(3, 1), torch.zeros(3))
    assert words(caught[0].message) in printed("error-broadcast")


@pytest.mark.parametrize("label", SECTIONS)
def test_each_message_has_cause_picture_fix_and_a_check(label):
    text = prose(label)
    for part in ("**Why it comes.**", "**The fix", "**Is it right"):
        assert part in text, part
    assert any("mystnb" in cell.metadata for cell in cells_of(label))
    assert labelled()[label] == ("error_messages", True)


def test_the_list_at_the_top_leads_to_every_section():
    assert tuple(re.findall(r"<(error-[\w-]+)>", NOTEBOOK.cells[0].source)) == SECTIONS
