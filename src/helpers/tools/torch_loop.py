"""One correct loop for truncated training in PyTorch, with its loader: short enough to copy."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn


class NextToken(nn.Module):  # type: ignore[misc]
    """Predicts the next token: embedding, time-major recurrent layer, output layer."""

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

    The last may be shorter than T.

    >>> for x, y in stream_windows(torch.arange(10), 2, 3):
    ...     print(x.T.tolist(), y.T.tolist())
    [[0, 1, 2], [5, 6, 7]] [[1, 2, 3], [6, 7, 8]]
    [[3], [8]] [[4], [9]]
    """
    B, T = batch_size, num_steps
    if min(B, T) < 1:
        raise ValueError(f"batch_size and num_steps must be at least 1, got {B} and {T}")
    if ids.ndim != 1 or len(ids) < 2 * B:
        got = tuple(ids.shape)
        raise ValueError(f"ids must be a vector of at least {2 * B} tokens, got shape {got}")
    L = len(ids) // B
    streams = ids[: L * B].view(B, L).t()  # (L, B): column b is the b-th piece of the corpus
    x, y = streams[:-1], streams[1:]
    return ((x[i : i + T], y[i : i + T]) for i in range(0, L - 1, T))


def detached(state: Any) -> Any:
    """The same values without their graph; a pair (h, c) of the LSTM is cut in both."""
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
    window_tokens: int | None = None,
) -> float:
    """Mean loss in nats per token of one pass over the corpus: one update a window.

    `model` takes ids and a state, and returns logits and a state, as `NextToken` does. The state
    is carried, its gradient cut. A window's step is scaled by its tokens over `window_tokens`, the
    first window's unless given, so that each token weighs the same.
    """
    if max_norm <= 0:
        raise ValueError(f"max_norm must be greater than 0, got {max_norm}")
    state, total, tokens = None, 0.0, 0
    for x, y in stream_windows(ids, batch_size, num_steps):
        logits, state = model(x, detached(state))
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        optimiser.zero_grad()
        window_tokens = window_tokens or x.numel()
        (loss * len(x) / (window_tokens / batch_size)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimiser.step()
        total, tokens = total + float(loss.detach()) * y.numel(), tokens + y.numel()
    return total / tokens
