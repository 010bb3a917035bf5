"""One correct loop for truncated training in PyTorch, with its loader: short enough to copy.

Beside ``torch_twin`` the only module that imports torch at top level.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from helpers import _arguments


class NextToken(nn.Module):  # type: ignore[misc]
    """A network that predicts the next token: embedding, recurrent layer, output layer.

    Parameters
    ----------
    embed : nn.Embedding
        From ids to inputs.
    layer : nn.RNN, nn.LSTM or nn.GRU
        Time-major, as is torch's default.
    head : nn.Linear
        From states to logits.
    """

    def __init__(self, embed: nn.Embedding, layer: nn.RNNBase, head: nn.Linear) -> None:
        super().__init__()
        self.embed, self.layer, self.head = embed, layer, head

    def forward(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """Logits (T, B, V) of ids (T, B), and the state after the last step."""
        states, state = self.layer(self.embed(x), state)
        return self.head(states), state


def stream_windows(
    ids: torch.Tensor, batch_size: int, num_steps: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs and targets (T, B), window after window, each the continuation of the one before.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T, each at least 1. The last window may be shorter than T.

    Yields
    ------
    x, y : (T, B), (T, B)
        Views; y is x moved on by one position.

    Raises
    ------
    ValueError
        If `ids` is no vector, or a stream would hold fewer than 2 tokens.

    Notes
    -----
    Explained in notebooks/truncation.ipynb. The same windows as ``layout.windows``.

    Examples
    --------
    >>> for x, y in stream_windows(torch.arange(10), 2, 3):
    ...     print(x.T.tolist(), y.T.tolist())
    [[0, 1, 2], [5, 6, 7]] [[1, 2, 3], [6, 7, 8]]
    [[3], [8]] [[4], [9]]
    """
    B = _arguments.whole("batch_size", batch_size)
    T = _arguments.whole("num_steps", num_steps)
    if not isinstance(ids, torch.Tensor) or ids.ndim != 1 or len(ids) < 2 * B:
        got = tuple(ids.shape) if isinstance(ids, torch.Tensor) else type(ids).__name__
        raise ValueError(f"ids must be a vector of at least {2 * B} tokens, got {got}")
    return _walk(ids, B, T)


def _walk(ids: torch.Tensor, B: int, T: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    L = len(ids) // B
    streams = ids[: L * B].view(B, L).t()  # (L, B): column b is the b-th piece of the corpus
    for start in range(0, L - 1, T):
        stop = min(start + T, L - 1)
        yield streams[start:stop], streams[start + 1 : stop + 1]


def detached(state: Any) -> Any:
    """The same values without their graph; a pair (h, c) of the LSTM is cut in both.

    Examples
    --------
    >>> h = torch.ones(2, requires_grad=True) * 3
    >>> detached(h).requires_grad, detached((h, h))[1].requires_grad, detached(None)
    (False, False, None)
    """
    if isinstance(state, tuple):
        return tuple(part.detach() for part in state)
    return None if state is None else state.detach()


def train_epoch(
    model: nn.Module,
    ids: torch.Tensor,
    optimiser: torch.optim.Optimizer,
    *,
    batch_size: int,
    num_steps: int,
    max_norm: float = 1.0,
) -> float:
    """One pass over the corpus with the state carried: one update a window.

    Parameters
    ----------
    model : nn.Module
        Takes ids and a state, returns logits and a state; such as `NextToken`.
    ids : (N,)
        The corpus, in order.
    optimiser : torch.optim.Optimizer
        Of the model's parameters.
    batch_size, num_steps : int
        B and T, each at least 1.
    max_norm : float
        Gradients longer than this are shortened to it; greater than 0.

    Returns
    -------
    float
        Mean loss in nats, every token weighing the same.

    Raises
    ------
    ValueError
        As `stream_windows` does, or if `max_norm` is not positive, or `model` or `optimiser`
        is none.

    Notes
    -----
    Explained in notebooks/truncation.ipynb. A last window with fewer than T
    steps counts for its tokens. The same updates as ``train.fit`` makes; where a
    gradient is clipped, up to the 1e-6 that torch adds to its norm.
    """
    _arguments.instance("model", model, nn.Module)
    _arguments.instance("optimiser", optimiser, torch.optim.Optimizer)
    max_norm = _arguments.number("max_norm", max_norm, above=0)
    state, total, tokens = None, 0.0, 0
    for x, y in stream_windows(ids, batch_size, num_steps):
        logits, state = model(x, detached(state))
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        optimiser.zero_grad()
        (loss * len(x) / num_steps).backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimiser.step()
        total, tokens = total + float(loss.detach()) * y.numel(), tokens + y.numel()
    return total / tokens
