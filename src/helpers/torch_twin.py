"""The same numbers from torch: gradients by autograd, the graph's nodes, the bytes it saves.

The only module that imports torch at top level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import nn

from helpers import _arguments, gru, lstm, rnn


@dataclass(frozen=True)
class SavedBytes:
    """Bytes that autograd keeps for the backward pass, parameters left out."""

    distinct: int
    """Each piece of memory once: what is really held."""

    summed: int
    """Every saved tensor for itself, though many share their memory."""


def to_torch(params: rnn.Weights) -> tuple[nn.Module, nn.Linear]:
    """The recurrent layer and the output layer of torch with the same weights.

    Parameters
    ----------
    params : Params
        Of the tanh cell, the LSTM or the GRU.

    Returns
    -------
    layer : nn.RNN, nn.LSTM or nn.GRU
        Time-major, as is torch's default, in the dtype of `params`: float64
        unless they were made float32. Torch adds two biases where one would
        do; the second, ``bias_hh_l0``, is 0 but for the GRU's `b_hn`.
    head : nn.Linear
        From states to logits.

    Raises
    ------
    ValueError
        If `params` is of no cell of this package.

    Examples
    --------
    >>> layer, head = to_torch(rnn.init(3, 4, 5, np.random.default_rng(0)))
    >>> layer, head
    (RNN(3, 4), Linear(in_features=4, out_features=5, bias=True))
    """
    kinds = {rnn.Params: nn.RNN, lstm.Params: nn.LSTM, gru.Params: nn.GRU}
    kind = kinds[type(rnn.checked_weights("params", params))]
    (D, G), H, V = params.W_xh.shape, len(params.W_hh), len(params.b_y)
    dtype = torch.from_numpy(np.empty(0, params.W_hh.dtype)).dtype
    with torch.random.fork_rng(devices=[]):  # what is drawn here is overwritten
        layer, head = kind(D, H, dtype=dtype), nn.Linear(H, V, dtype=dtype)
    second = np.zeros(G, params.b_h.dtype)
    if isinstance(params, gru.Params):
        second[2 * H :] = params.b_hn
    with torch.no_grad():
        for parameter, weight in (
            (layer.weight_ih_l0, params.W_xh.T),
            (layer.weight_hh_l0, params.W_hh.T),
            (layer.bias_ih_l0, params.b_h),
            (layer.bias_hh_l0, second),
            (head.weight, params.W_hy.T),
            (head.bias, params.b_y),
        ):
            parameter.copy_(torch.tensor(np.ascontiguousarray(weight)))
    return layer, head


def gradients(
    params: Any,
    x: Float[np.ndarray, "T B D"] | Integer[np.ndarray, "T B"],
    y: Integer[np.ndarray, "T B"],
    h0: Any = None,
) -> tuple[float, Any]:
    """Loss and gradient by autograd: what ``backward`` must give.

    Parameters
    ----------
    params : Params
        Of the tanh cell, the LSTM or the GRU.
    x : (T, B, D) or (T, B)
        Inputs as our own `forward` takes them, or ids, which are made one-hot.
    y : (T, B)
        Targets.
    h0 : (B, H), optional
        Initial state, for the LSTM a pair (h, c).

    Returns
    -------
    loss : float
        Mean over all T·B tokens, in nats.
    gradients : Params
        Of the type of `params`.

    Raises
    ------
    ValueError
        If `params` is of no cell of this package, or an array does not fit.

    Notes
    -----
    The data goes in as it is: torch's recurrent layers take time first too.
    Only weights are turned, since torch stores them the other way round.

    Examples
    --------
    >>> p = rnn.init(3, 4, 5, np.random.default_rng(0)).map(np.zeros_like)
    >>> loss, grads = gradients(p, np.array([[0, 2]]), np.array([[1, 1]]))
    >>> round(loss, 6), grads.b_y.round(6).tolist()
    (1.609438, [0.2, -0.8, 0.2, 0.2, 0.2])
    """
    layer, head = to_torch(params)
    inputs = _inputs(params, x)
    T, B = inputs.shape[:2]
    V = len(params.b_y)
    y = _arguments.ids("y", y, num_symbols=V, shape=(T, B))
    targets = torch.tensor(y.astype(np.int64))
    states, _ = layer(inputs, _initial(params, h0, B))
    logits = head(states)  # (T, B, V)
    loss = nn.functional.cross_entropy(logits.reshape(T * B, V), targets.reshape(T * B))
    loss.backward()

    def gradient(parameter: Any) -> np.ndarray:
        return np.ascontiguousarray(parameter.grad.numpy().T)

    grads = [
        gradient(parameter)
        for parameter in (
            layer.weight_ih_l0,
            layer.weight_hh_l0,
            layer.bias_ih_l0,
            head.weight,
            head.bias,
        )
    ]
    if isinstance(params, gru.Params):
        grads.append(gradient(layer.bias_hh_l0)[2 * len(params.W_hh) :])
    return float(loss.detach()), type(params)(*grads)


def loop(
    params: rnn.Params,
    x: Float[np.ndarray, "T B D"] | Integer[np.ndarray, "T B"],
    h0: Float[np.ndarray, "B H"] | None = None,
) -> torch.Tensor:
    """Logits of the tanh network from a loop in Python: T cells and T output layers.

    Parameters
    ----------
    params : rnn.Params
        Weights of the tanh network.
    x : (T, B, D) or (T, B)
        Inputs, or ids, which are made one-hot.
    h0 : (B, H), optional
        Initial state; zeros without it.

    Returns
    -------
    (T, B, V)
        With the graph that autograd recorded, in which every step stands for
        itself: 8·T + 7 nodes, and one more for a sum or mean over it.

    Raises
    ------
    ValueError
        If `params` are not those of the tanh cell, or an array does not fit.

    Examples
    --------
    >>> p = rnn.init(3, 4, 5, np.random.default_rng(0))
    >>> [graph_nodes(loop(p, np.zeros((T, 2, 3))).sum()) for T in (1, 10)]
    [16, 88]
    """
    if not isinstance(params, rnn.Params):
        raise ValueError(
            f"params must be rnn.Params, got {type(params).__module__}.{type(params).__name__}"
        )
    layer, head = to_torch(params)
    inputs = _inputs(params, x)
    B, H = inputs.shape[1], len(params.W_hh)
    with torch.random.fork_rng(devices=[]):
        cell = nn.RNNCell(inputs.shape[2], H, dtype=inputs.dtype)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    h = _initial(params, h0, B)
    h = torch.zeros(B, H, dtype=inputs.dtype) if h is None else h[0]
    logits = []
    for tokens in inputs:
        h = cell(tokens, h)
        logits.append(head(h))
    return torch.stack(logits)


def graph_nodes(output: torch.Tensor) -> int:
    """Number of nodes of the graph that autograd recorded for `output`.

    Each operation counts once, and so does each parameter that a gradient is
    to reach.

    Raises
    ------
    ValueError
        If `output` is no tensor with a graph.

    Examples
    --------
    >>> w = torch.ones(2, requires_grad=True)
    >>> graph_nodes((w * 3).sum())    # the sum, the product, and w
    3
    """
    if not isinstance(output, torch.Tensor) or output.grad_fn is None:
        raise ValueError(
            "output must be a tensor with a graph, computed from one that requires a "
            f"gradient, got {type(output).__name__}"
        )
    seen, waiting = {output.grad_fn}, [output.grad_fn]
    while waiting:
        found = {node for node, _ in waiting.pop().next_functions if node is not None} - seen
        seen |= found
        waiting += found
    return len(seen)


def saved_bytes(function: Callable[[], object]) -> SavedBytes:
    """Bytes that autograd saves for the backward pass while `function` runs.

    Parameters
    ----------
    function : callable
        Runs a forward pass; takes nothing. What it returns is not looked at.

    Returns
    -------
    SavedBytes
        Whole numbers, the same on every machine with one version of torch.
        Parameters, and views of them, are left out: they are there anyway.

    Raises
    ------
    ValueError
        If `function` cannot be called.

    Notes
    -----
    The sum counts a state twice where two operations save it: the tanh that
    made it and the product that used it. The distinct bytes count the whole
    storage of a tensor, even if only a slice of it was saved. For ``nn.RNN`` in
    float64 they are 8·B·(H·(T + 1) + D·T): the states with the initial one,
    and the inputs.

    Examples
    --------
    >>> w = nn.Parameter(torch.ones(4, dtype=torch.float64))
    >>> x = torch.ones(4, dtype=torch.float64)
    >>> saved_bytes(lambda: (w * x).tanh())    # x and the tanh, 32 bytes each
    SavedBytes(distinct=64, summed=64)
    """
    _arguments.function("function", function)
    saved: list[torch.Tensor] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        owner = tensor if tensor._base is None else tensor._base
        if not isinstance(owner, nn.Parameter):
            saved.append(tensor.detach())
        return tensor.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        kept = function()
    storages = [tensor.untyped_storage() for tensor in saved]
    distinct = {storage.data_ptr(): storage.nbytes() for storage in storages}
    del kept
    return SavedBytes(sum(distinct.values()), sum(tensor.nbytes for tensor in saved))


def _inputs(params: rnn.Weights, x: Any) -> torch.Tensor:
    x, _ = rnn.checked_inputs(x, None, num_inputs=len(params.W_xh))
    if x.ndim == 2:
        x = np.eye(len(params.W_xh))[x]
    return torch.tensor(np.ascontiguousarray(x, params.W_hh.dtype))


def _initial(params: rnn.Weights, h0: Any, batch_size: int) -> Any:
    """`h0` as torch takes it, with an axis for the layers in front."""
    if h0 is None:
        return None
    pair = isinstance(params, lstm.Params)
    if pair and not (isinstance(h0, tuple) and len(h0) == 2):
        raise ValueError(f"h0 must be a pair (h, c) of arrays, got {type(h0).__name__}")
    shape, dtype = (batch_size, len(params.W_hh)), params.W_hh.dtype
    states = [
        torch.tensor(_arguments.array("h0", h, kind="floating", shape=shape).astype(dtype))[None]
        for h in (h0 if pair else (h0,))
    ]
    return tuple(states) if pair else states[0]
