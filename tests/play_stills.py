"""Draw the still pictures of the figures to play with: python tests/play_stills.py [name ...].

A picture is what the script draws at the figure's start. A start that a page chooses with
``:set:`` has a picture of its own, which the page names with ``:still:``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import Any

from playwright._impl._driver import compute_driver_executable
from sources import ROOT, markdown

sys.path.append(str(ROOT / "book" / "_ext"))
import play

PLAY = ROOT / "book" / "_static" / "play"
FIGURES = sorted(path.stem for path in PLAY.glob("*.js") if path.stem != "play")


def run(figure: str, expression: str) -> Any:
    """Value of a JavaScript expression, once a figure's script has been read."""
    script = "\n".join((PLAY / f"{name}.js").read_text("utf-8") for name in ("play", figure))
    program = f"{script}\nprocess.stdout.write(JSON.stringify({expression}))"
    node = shutil.which("node") or compute_driver_executable()[0]
    done = subprocess.run([node, "-"], input=program, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def view(figure: str, **settings: Any) -> dict[str, Any]:
    """What a figure shows when its start is changed so; the message where it refuses."""
    start = f"{{...TwoAxes.figures.{figure}.start, ...{json.dumps(settings)}}}"
    refused = "catch (e) { return { refused: e.message } }"
    return run(
        figure, f"(() => {{ try {{ return TwoAxes.figures.{figure}.view({start}) }} {refused} }})()"
    )


def on_pages() -> list[tuple[str, str, str, dict[str, Any]]]:
    """Page, figure, still picture and start of each figure to play with in the book."""
    found = []
    for path, text in markdown().items():
        for figure, body in re.findall(r"^:::\{play\} (\w+)\n(.*?)^:::$", text, re.M | re.S):
            options = dict(re.findall(r"^:(\w+): (.*)$", body, re.M))
            start = play.settings(options.get("set", ""))
            found.append((path.rpartition(".")[0], figure, options.get("still", figure), start))
    return found


def still(figure: str, settings: dict[str, Any]) -> str:
    """The picture of a figure at its start, as a file with the rules of style that it needs."""
    sheet = (PLAY / "play.css").read_text("utf-8")
    rules = sheet.partition("/* picture { */")[2].partition("/* } picture */")[0]
    given = ", ".join(map(json.dumps, (figure, settings, rules)))
    return run(figure, f"TwoAxes.still({given})")


STILLS = {name: (name, {}) for name in FIGURES} | {
    picture: (figure, start) for _, figure, picture, start in on_pages()
}

if __name__ == "__main__":
    for name in sys.argv[1:] or STILLS:
        (PLAY / f"{name}.svg").write_text(still(*STILLS[name]), encoding="utf-8")
