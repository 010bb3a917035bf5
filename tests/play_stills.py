"""Draw the still pictures of the figures to play with: python tests/play_stills.py [name ...].

A picture is what the script draws at the figure's start. A start that a page chooses with
``:set:`` has a picture of its own, named in `STARTS`.
"""

from __future__ import annotations

import sys
from typing import Any

from javascript import PLAY, still

# Still picture: the figure, and how its start differs from the figure's own.
STARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "budget": ("budget", {}),
    "descent": ("descent", {}),
    "plane": ("plane", {}),
    "ribbon": ("ribbon", {}),
    "triangle": ("triangle", {}),
    "triangle-full": ("triangle", {"P": 20, "k1": 20, "k2": 20, "loss": 15, "simple": 1}),
}

if __name__ == "__main__":
    for name in sys.argv[1:] or STARTS:
        figure, settings = STARTS[name]
        (PLAY / f"{name}.svg").write_text(still(figure, settings), encoding="utf-8")
