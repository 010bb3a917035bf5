"""What holds for every notebook: its form, its numbers, its figures, its exercises, its questions.

Every rule is about what is there, and a failure says what to do. `--notebook slug` looks at one.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter

import nbformat
import prose
import pytest
from sources import ROOT, SLUGS, chapters, labels, notebook

MOST_LINES = 10
FOLDED = {"source_hidden": True, "outputs_hidden": True}


def mend(*remedies: str) -> None:
    """Fail with these sentences and nothing else, if there are any."""
    if remedies:
        pytest.fail("\n\n".join(remedies), pytrace=False)


def code(slug: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook(slug).cells if cell.cell_type == "code"]


def name(cell: nbformat.NotebookNode) -> str:
    return f"In [{cell.execution_count}] ({cell.source.strip().splitlines()[0][:60]})"


def tags(cell: nbformat.NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def names(node: ast.AST, context: type) -> set[str]:
    found = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, context)]
    return {n.id for n in found}


def test_a_notebook_is_stored_as_make_refresh_stores_it(slug):
    text = (ROOT / f"notebooks/{slug}.ipynb").read_text("utf-8")
    stored = json.loads(text)
    counts = [c["execution_count"] for c in stored["cells"] if c["cell_type"] == "code"]
    if not (
        text == json.dumps(stored, indent=1, ensure_ascii=False) + "\n"
        and set(stored["metadata"]) == {"kernelspec", "language_info"}
        and not any("execution" in cell["metadata"] for cell in stored["cells"])
        and counts == list(range(1, len(counts) + 1))
    ):
        mend(f"Run `make refresh NB={slug}`: it runs all cells and stores them in the one form.")


def test_a_notebook_opens_with_its_title_and_its_set_up(slug):
    title, first = notebook(slug).cells[0].source, code(slug)[0].source
    found = []
    if not title.startswith("# "):
        found.append("Begin the first cell, in Markdown, with the title: “# …”.")
    if slug in chapters() and not re.search(r"\d+ minutes", title):
        found.append("Say in the first cell of a chapter how long it takes: “about 30 minutes”.")
    if "deterministic()" not in first:
        found.append("Call deterministic() in the first code cell: sums come out everywhere alike.")
    mend(*found)


def test_cells_are_short_and_plain(slug):
    found = []
    for cell in code(slug):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            found.append(f"Split {name(cell)}: {len(lines)} lines, and {MOST_LINES} are the most.")
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= 8:
                found.append(f"Shorten {node.name}() in {name(cell)} to 8 lines.")
        if cell.source.rstrip().endswith(";"):
            found.append(
                f"Give the last line of {name(cell)} a name, as in `legend = ax.legend()`, and "
                "take the semicolon away: the page would print what the line returns."
            )
        if "sys.path" in cell.source:
            found.append(f"Leave sys.path out of {name(cell)}: the helpers are installed.")
    mend(*found)


def test_outputs_are_whole_and_are_all_compared(slug):
    found = []
    for cell in code(slug):
        if any(output.get("name") == "stderr" for output in cell.outputs):
            found.append(f"Mend what {name(cell)} warns of: a reader sees it on the page.")
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed and "raises-exception" not in tags(cell):
            found.append(
                f"Mend {name(cell)}, which fails; if a reader is to see the error, give the cell "
                'the tag "raises-exception".'
            )
        comment = re.search(r"^\s*#\s*(?:NBVAL|PYTEST)_\w+", cell.source, re.M)
        if comment or {"nbval-ignore-output", "nbval-skip"} & tags(cell):
            found.append(f"Let the output of {name(cell)} be compared: print less, ignore nothing.")
    mend(*found)


def test_every_number_in_the_prose_is_held_by_a_claim(slug):
    mend(*prose.faults(notebook(slug)))


def test_every_figure_has_words_a_caption_and_a_name(slug):
    found = []
    for cell in code(slug):
        about = cell.metadata.get("mystnb", {})
        figure, alt = about.get("figure", {}), about.get("image", {}).get("alt", "")
        drawn = [
            o.data for o in cell.outputs if any(k.startswith("image/") for k in o.get("data", {}))
        ]
        if not drawn:
            continue
        where = f'the metadata of {name(cell)}, as {{"mystnb": {{"figure": {{"name": "fig-…", '
        where += '"caption": "…"}, "image": {"alt": "…"}}}'
        if len(alt) < 40:
            found.append(
                f"Say in words what the figure shows, 40 letters or more: “alt” in {where}."
            )
        if len(figure.get("caption", "")) < 20:
            found.append(f"Write a caption of 20 letters or more in {where}.")
        if not figure.get("name", "").startswith("fig-"):
            found.append(f"Give the figure a name that begins with fig- in {where}.")
        if len(drawn) > 1 or "image/svg+xml" not in drawn[0]:
            found.append(f"Draw one figure, as SVG, in {name(cell)}.")
        if not isinstance(ast.parse(cell.source).body[-1], ast.Assign):
            found.append(
                f"End {name(cell)} in an assignment, as in `legend = ax.legend()`: the page would "
                "print what its last line returns."
            )
    mend(*found)


def test_names_of_figures_exercises_and_sections_are_unique_over_the_book():
    twice = [label for label, count in Counter(label for label, _ in labels()).items() if count > 1]
    mend(*[f"Rename one of the places that are called {label}." for label in twice])


def test_exercises_come_in_five_cells_that_pair_up(slug):
    cells, found = notebook(slug).cells, []
    for i, cell in enumerate(cells):
        if cell.cell_type != "markdown" or ":::{exercise}" not in cell.source:
            continue
        label = (re.findall(r"^:label: (\S+)$", cell.source, re.M) or [None])[0]
        if label is None:
            found.append("Give the exercise a line “:label: ex-…” below “:::{exercise} Title”.")
            continue
        stub, start = ([*cells[i + 1 : i + 3], None, None])[:2]
        if stub is None or stub.cell_type != "code" or "exercise" not in tags(stub):
            found.append(f'Put the reader\'s cell, with the tag "exercise", right below {label}.')
            continue
        if start is None or f":::{{solution-start}} {label}\n:class: dropdown" not in start.source:
            found.append(
                f"Put a Markdown cell “:::{{solution-start}} {label}\\n:class: dropdown\\n:::” "
                f"right below the reader's cell of {label}."
            )
            continue
        ends = [j for j in range(i + 3, len(cells)) if "{solution-end}" in cells[j].source]
        solutions = [c for c in cells[i + 3 : (ends or [i + 3])[0]] if "solution" in tags(c)]
        if not ends or not solutions:
            found.append(
                f'End {label} with the solution, in a cell with the tag "solution", and below it '
                "a Markdown cell “:::{solution-end}\\n:::”."
            )
            continue
        found += [
            f"Fold the solution of {label}: the metadata of {name(solution)} must hold "
            f'"jupyter": {json.dumps(FOLDED)}, beside the tag "solution".'
            for solution in solutions
            if solution.metadata.get("jupyter") != FOLDED
        ]
        verdict, before = "".join(map(printed, solutions)), printed(stub)
        if not re.fullmatch(r"(?:[\w ]+: correct\n)+", verdict):
            found.append(f"Mend the solution of {label}, which prints: {verdict!r}.")
        if not re.fullmatch(r"(?:[\w ]+: to do\n)+", before):
            found.append(f"Let the reader's cell of {label} print “to do” alone, not {before!r}.")
        asked, answered = (set(re.findall(r"^([\w ]+):", t, re.M)) for t in (before, verdict))
        if asked != answered:
            found.append(f"Let both cells of {label} check the same: {asked ^ answered} differ.")
    counts = [sum(c.source.count(f"{{solution-{end}}}") for c in cells) for end in ("start", "end")]
    if counts[0] != counts[1]:
        found.append("Give every solution-start a solution-end.")
    mend(*found)


def test_the_readers_cells_leave_nothing_that_later_cells_use(slug):
    stubs: set[str] = set()
    found = []
    for cell in code(slug):
        tree = ast.parse(cell.source)
        functions = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        stored = names(tree, ast.Store) | functions
        if "exercise" in tags(cell):
            stubs |= stored
            continue
        if lent := (names(tree, ast.Load) - stored) & stubs:
            found.append(f"Rename {lent} in {name(cell)}: an exercise's cell has set it to `...`.")
        stubs -= stored
    mend(*found)


def test_a_question_has_one_right_choice_and_a_reason_for_each(slug):
    text = "\n".join(c.source for c in notebook(slug).cells if c.cell_type == "markdown")
    found = []
    for question, choices in re.findall(
        r"^(\*\*.+\*\*)\n\n((?:<details>[\s\S]+?</details>\s*)+)", text, re.M
    ):
        said = re.findall(r"</summary>\s*([\s\S]*?)\s*</details>", choices)
        if [bool(re.match(r"Right\b", each)) for each in said].count(True) != 1 or len(said) < 2:
            found.append(f"Let one of the choices below {question} begin with “Right”.")
        found += [
            f"Begin a choice below {question} with “Right” or “Wrong”, and say why: “{each}”."
            for each in said
            if not re.match(r"(?:Right|Wrong)\b", each) or len(each.split()) < 4
        ]
    mend(*found)


def test_an_error_message_has_its_cause_its_mending_and_a_check(slug):
    """The sections labelled error-…, which readers find by the message."""
    found = []
    text = "\n".join(c.source for c in notebook(slug).cells if c.cell_type == "markdown")
    for label, body in re.findall(r"^\((error-[\w-]+)\)=\n([\s\S]*?)(?=^\(error-|\Z)", text, re.M):
        found += [
            f"Write “{part}” in the section {label}, as the others have it."
            for part in ("**Why it comes.**", "**The fix", "**Is it right")
            if part not in body
        ]
        if f"<{label}>" not in notebook(slug).cells[0].source:
            found.append(f"Name {label} in the list at the top of {slug}.")
    mend(*found)


def test_every_chapter_is_a_notebook_that_is_there():
    missing = set(chapters()) - set(SLUGS)
    mend(*[f"Write notebooks/{slug}.ipynb, or take it out of _toc.yml." for slug in missing])
