"""The same numbers from torch: gradients by autograd, the graph's nodes, the bytes it saves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import nn

from helpers import cells
from helpers._types import checked
from helpers.cells import Params, State


@dataclass(frozen=True)
class SavedBytes:
    """Bytes that autograd keeps for the backward pass, parameters left out."""

    distinct: int  # each piece of memory once: what is really held
    summed: int  # every saved tensor for itself, though many share their memory


@checked
def to_torch(params: Params) -> tuple[nn.Module, nn.Module]:
    """Torch's recurrent layer, time first, and its output layer with the same weights and dtype.

    Torch adds two biases where one would do; the second, ``bias_hh_l0``, is 0 but for the GRU's
    `b_hn`.

    >>> to_torch(cells.init(cells.RNN, 3, 4, 5, np.random.default_rng(0)))
    (RNN(3, 4), Linear(in_features=4, out_features=5, bias=True))
    """
    (D, G), (H, V) = params.W_xh.shape, params.W_hy.shape
    dtype = torch.from_numpy(np.empty(0, params.W_hh.dtype)).dtype
    with torch.random.fork_rng(devices=[]):  # what is drawn here is overwritten
        layer = getattr(nn, params.cell.name)(D, H, dtype=dtype)
        head = nn.Linear(H, V, dtype=dtype)
    second = np.zeros(G, params.b_h.dtype)
    if params.b_hn is not None:
        second[2 * H :] = params.b_hn
    weights = (params.W_xh.T, params.W_hh.T, params.b_h, second, params.W_hy.T, params.b_y)
    with torch.no_grad():
        for parameter, weight in zip(_parameters(layer, head), weights, strict=True):
            parameter.copy_(torch.tensor(np.ascontiguousarray(weight)))
    return layer, head


@checked
def gradients(
    params: Params,
    x: Float[np.ndarray, "T B D"] | Integer[np.ndarray, "T B"],
    y: Integer[np.ndarray, "T B"],
    state: State | None = None,
) -> tuple[float, Params]:
    """Mean loss in nats and its gradient by autograd: what ``cells.backward`` must give."""
    layer, head = to_torch(params)
    logits = head(layer(_inputs(params, x), _initial(params, state))[0])
    loss = nn.functional.cross_entropy(
        logits.flatten(0, 1), torch.tensor(y, dtype=torch.long).flatten()
    )
    loss.backward()
    parameters = _parameters(layer, head)
    W_xh, W_hh, b_h, second, W_hy, b_y = (
        np.ascontiguousarray(parameter.grad.numpy().T) for parameter in parameters
    )
    b_hn = None if params.b_hn is None else second[-len(params.b_hn) :]
    return float(loss.detach()), Params(params.cell, W_xh, W_hh, b_h, W_hy, b_y, b_hn)


@checked
def loop(
    params: Params,
    x: Float[np.ndarray, "T B D"] | Integer[np.ndarray, "T B"],
    state: State | None = None,
) -> Any:
    """Logits (T, B, V) of the tanh network from a loop in Python: T cells and T output layers.

    Every step stands in autograd's graph for itself: 8·T + 7 nodes, one more for a sum over it.

    >>> p = cells.init(cells.RNN, 3, 4, 5, np.random.default_rng(0))
    >>> [graph_nodes(loop(p, np.zeros((T, 2, 3))).sum()) for T in (1, 10)]
    [16, 88]
    """
    if params.cell is not cells.RNN:
        raise ValueError(f"params must be those of cells.RNN, got {params.cell}")
    layer, head = to_torch(params)
    inputs = _inputs(params, x)
    with torch.random.fork_rng(devices=[]):
        cell = nn.RNNCell(layer.input_size, layer.hidden_size, dtype=inputs.dtype)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    h = inputs.new_zeros(inputs.shape[1], layer.hidden_size)
    if state is not None:
        h = _initial(params, state)[0]
    logits = []
    for tokens in inputs:
        h = cell(tokens, h)
        logits.append(head(h))
    return torch.stack(logits)


def graph_nodes(output: torch.Tensor) -> int:
    """Nodes of autograd's graph: each operation once, and each parameter that wants a gradient.

    >>> w = torch.ones(2, requires_grad=True)
    >>> graph_nodes((w * 3).sum())    # the sum, the product, and w
    3
    """
    if getattr(output, "grad_fn", None) is None:
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


@checked
def saved_bytes(function: Callable[[], object]) -> SavedBytes:
    """Bytes that autograd saves for the backward pass while `function` runs a forward pass.

    The sum counts a state twice where two operations save it: the tanh that made it and the
    product that used it. The distinct bytes count the whole storage of a tensor, even if only a
    slice was saved: for ``nn.RNN`` in float64 8·B·(H·(T + 1) + D·T), the states and the inputs.

    >>> w = nn.Parameter(torch.ones(4, dtype=torch.float64))
    >>> x = torch.ones(4, dtype=torch.float64)
    >>> saved_bytes(lambda: (w * x).tanh())    # x and the tanh, 32 bytes each
    SavedBytes(distinct=64, summed=64)
    """
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


def _parameters(layer: nn.Module, head: nn.Module) -> tuple[Any, ...]:
    inner = layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0
    return (*inner, head.weight, head.bias)


def _inputs(params: Params, x: np.ndarray) -> torch.Tensor:
    """Vectors as they are, ids as one-hot vectors, in the dtype of the weights."""
    if x.ndim == 2:
        x = np.eye(len(params.W_xh))[x]
    return torch.tensor(np.ascontiguousarray(x, params.W_hh.dtype))


def _initial(params: Params, state: State | None) -> Any:
    """The state as torch takes it, with an axis for the layers in front; a pair for the LSTM."""
    if state is None:
        return None
    parts = tuple(torch.tensor(part.astype(params.W_hh.dtype))[None] for part in state)
    return parts if params.cell is cells.LSTM else parts[0]
