"""Compute kept results: all that are missing or stale, or those that are named."""

from __future__ import annotations

import sys
import time

from helpers import experiments


def main(names: list[str]) -> None:
    """Compute `names`, or without any all that are missing or stale."""
    experiments.register_all()
    for name in names or sorted(experiments.EXPERIMENTS):
        path = experiments.RESULTS / f"{name}.json"
        if not names and path.exists() and not experiments.is_stale(name):
            print(f"{name}: up to date")
            continue
        begin = time.perf_counter()
        experiments.run(name)
        print(f"{name}: computed in {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
