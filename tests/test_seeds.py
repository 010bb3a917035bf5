"""Randomness has names, and one run is like the next."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from helpers import seeds

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(name=names, seed=st.integers(0, 2**40))
def test_a_name_gives_the_same_draws_again(name, seed):
    draws = [seeds.rng(name, seed).random(3).tolist() for _ in range(2)]
    assert draws[0] == draws[1]


@given(a=names, b=names, s=st.integers(0, 9), t=st.integers(0, 9))
def test_two_uses_share_no_draws(a, b, s, t):
    if (a, s) != (b, t):
        assert seeds.rng(a, s).random() != seeds.rng(b, t).random()


def test_the_stream_is_the_same_on_every_platform():
    assert seeds.rng("weights").integers(0, 1000, 5).tolist() == [189, 459, 478, 501, 276]


def test_torch_draws_by_name_too():
    a, b, c = (
        torch.rand(3, generator=seeds.torch_generator(name)) for name in ("data", "data", "weights")
    )
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_deterministic_leaves_one_thread_and_does_not_load_torch():
    code = (
        "import sys, numpy; from helpers import seeds; seeds.deterministic();"
        "from threadpoolctl import threadpool_info as i;"
        "assert 'torch' not in sys.modules; assert all(p['num_threads'] == 1 for p in i())"
    )
    more = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, check=False, env=os.environ | more).returncode == 0


def test_deterministic_holds_torch_where_it_is_loaded():
    before = torch.get_num_threads()
    try:
        seeds.deterministic()
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        assert all(pool["num_threads"] == 1 for pool in threadpool_info())
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(False)


@pytest.mark.messages
@pytest.mark.parametrize("draw", [seeds.rng, seeds.torch_generator])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("",), "name must say what the draws are for, .* got ''"),
        ((3,), "name must say what the draws are for, .* got 3"),
        (("\ud800",), r"name must be text that UTF-8 can write, .* got '\\ud800'"),
        (("a", -1), "seed must be an integer of at least 0, got -1"),
        (("a", 1.5), "seed must be an integer of at least 0, got 1.5"),
        (("a", True), "seed must be an integer of at least 0, got True"),
    ],
)
def test_wrong_arguments_are_refused(draw, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(*arguments)


@pytest.mark.messages
def test_integers_of_numpy_are_seeds():
    assert seeds.rng("a", np.int64(3)).random() == seeds.rng("a", 3).random()


ROOT = Path(__file__).parents[1]
SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "notebooks").glob("*.ipynb")])
FROM_THE_SYSTEM = {"default_rng", "SeedSequence", "PCG64", "Random", "seed", "SystemRandom"}
DRAWS_OF_TORCH = {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"}


def unseeded(code):
    """Calls that draw from a generator which nobody has given a seed."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import) and "random" in {alias.name for alias in node.names}:
            yield "import random"
        if not isinstance(node, ast.Call):
            continue
        module, _, name = ast.unparse(node.func).rpartition(".")
        without = not node.args and not node.keywords
        named = {keyword.arg for keyword in node.keywords}
        if (name in FROM_THE_SYSTEM and without) or (
            module == "torch" and name in DRAWS_OF_TORCH and "generator" not in named
        ):
            yield ast.unparse(node)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_draw_has_a_seed(path):
    parts = [path.read_text("utf-8")]
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        parts = [cell.source for cell in cells if cell.cell_type == "code"]
    assert [call for part in parts for call in unseeded(part)] == []


def test_the_seed_of_a_torch_generator_fits_any_version_of_torch():
    """Half of 64 random bits would be negative to a program that reads them with a sign."""
    drawn = [seeds.torch_generator(f"name {i}").initial_seed() for i in range(40)]
    assert len(set(drawn)) == 40
    assert 2**62 < max(drawn) < 2**63
