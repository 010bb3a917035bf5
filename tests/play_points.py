"""The points of the descent. `python tests/play_points.py` writes them into its script."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from helpers.seeds import rng

SCRIPT = Path(__file__).parents[1] / "book/_static/play/descent.js"
COUNT, CHAPTER = 64, 256


def points() -> dict[str, list[float]]:
    """The first 64 of the 256 points of notebooks/feedforward_batching.ipynb, to two decimals."""
    u = rng("feedforward line").normal(0.5, 1, CHAPTER)
    v = 2 * u - 1 + rng("feedforward line noise").normal(0, 1, CHAPTER)
    return {name: np.round(each[:COUNT], 2).tolist() for name, each in (("u", u), ("v", v))}


def lines() -> dict[str, str]:
    """What each name's line in the script must be."""
    return {
        name: f"  const {name} = {json.dumps(values, separators=(',', ':'))};"
        for name, values in points().items()
    }


def main() -> None:
    """Write the lines into the script."""
    wanted = lines()
    text = SCRIPT.read_text("utf-8").splitlines()
    for i, line in enumerate(text):
        name = line.removeprefix("  const ").partition(" = [")[0]
        text[i] = wanted.get(name, line) if line.startswith("  const ") else line
    SCRIPT.write_text("\n".join(text) + "\n", "utf-8")


if __name__ == "__main__":
    main()
