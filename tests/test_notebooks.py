"""What holds for every notebook: its form, its claims, its figures, its exercises.

Some of it holds for the chapters only, the notebooks in the part "The two axes" of ``_toc.yml``.
"""

from __future__ import annotations

import ast
import configparser
import json
import re
from decimal import Decimal
from pathlib import Path

import nbformat
import pytest
from drawings import Drawing
from nbval.plugin import IPyNbCell
from prose import claims, loose_numbers, missing_phrases
from test_book import chapters_in_toc

from helpers.checks import NUMBER, read_number

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_LINES = 10


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture
def is_chapter(path):
    return f"notebooks/{path.stem}" in chapters_in_toc()


def code(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def printed(cell):
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def images(cell):
    return [o for o in cell.outputs if any(k.startswith("image/") for k in o.get("data", {}))]


def test_every_chapter_is_a_notebook_that_is_there():
    chapters = {f"notebooks/{path.stem}" for path in NOTEBOOKS} & set(chapters_in_toc())
    assert chapters == set(chapters_in_toc())
    assert chapters


def test_a_notebook_is_stored_in_normal_form(path, notebook):
    text = path.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    counts = [cell.execution_count for cell in code(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_the_first_cells_are_title_and_set_up(notebook, is_chapter):
    title, setup = notebook.cells[0], code(notebook)[0]
    assert title.cell_type == "markdown"
    assert title.source.startswith("# ")
    assert not is_chapter or re.search(r"\d+ minutes", title.source)
    assert "deterministic()" in setup.source
    assert "use_style()" in setup.source


def test_cells_and_functions_are_short(notebook):
    for cell in code(notebook):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= MOST_LINES, cell.source
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 8, cell.source


def test_code_is_plain_python_without_semicolons_or_path_tricks(notebook):
    for cell in code(notebook):
        ast.parse(cell.source)
        assert not cell.source.rstrip().endswith(";")
        assert "sys.path" not in cell.source


def test_nothing_is_written_to_stderr_and_nothing_fails(notebook):
    for cell in code(notebook):
        for output in cell.outputs:
            assert output.get("name") != "stderr", cell.source
            if output.output_type == "error":
                assert "raises-exception" in tags(cell), cell.source


def test_no_output_is_ignored(notebook):
    for cell in code(notebook):
        assert not {"nbval-ignore-output", "nbval-skip"} & set(tags(cell)), cell.source
        assert not re.search(r"^\s*#\s*(?:NBVAL|PYTEST)_", cell.source, re.M), cell.source


def test_what_is_replaced_before_outputs_are_compared_is_no_number(notebook):
    rules = configparser.RawConfigParser()
    assert rules.read(ROOT / "tests" / "nbval_sanitize.cfg", encoding="utf-8")
    assert len(rules.sections()) <= 2
    for section in rules.sections():
        for cell in code(notebook):
            for output in cell.outputs:
                text = output.get("text", output.get("data", {}).get("text/plain", ""))
                found = re.search(rules[section]["regex"], text)
                assert found is None, f"{section}: {found} in {cell.source}"


def test_stored_drawings_are_compared_as_drawings():
    assert isinstance(IPyNbCell.sanitize(None, "<svg>"), Drawing)


def test_every_number_in_the_prose_is_held_by_a_claim(path):
    assert loose_numbers(path) == []


def test_every_claimed_phrase_stands_in_the_prose(path):
    assert missing_phrases(path) == []


def test_a_claim_holds_the_digits_that_it_states(notebook):
    """Half a unit of the last digit is rounding; "about 250" may be off by a tenth."""
    for claim in claims(notebook):
        if claim.within is None:
            continue
        (stated,) = NUMBER.findall(claim.phrase)
        written = Decimal(stated.replace(",", "").replace("−", "-"))
        last_digit = 10.0 ** written.as_tuple().exponent
        allowed = max(last_digit, abs(read_number(stated)) / 10)
        assert claim.within <= allowed * (1 + 1e-9), f"{claim.phrase}: within {claim.within}"


def test_claims_stand_in_folded_cells(notebook, is_chapter):
    found = {claim.cell for claim in claims(notebook)}
    assert found or not is_chapter, "a chapter claims something"
    for number in found:
        assert "hide-cell" in tags(notebook.cells[number]), notebook.cells[number].source


def test_every_figure_has_alternative_text_a_caption_and_a_name_of_its_own(notebook, is_chapter):
    names = []
    for cell in code(notebook):
        if not images(cell):
            continue
        about = cell.metadata.get("mystnb", {})
        assert len(about.get("image", {}).get("alt", "")) >= 40, cell.source
        assert len(about.get("figure", {}).get("caption", "")) >= 20, cell.source
        assert about["figure"]["name"].startswith("fig-"), cell.source
        names.append(about["figure"]["name"])
        assert len(images(cell)) == 1, "one figure a cell"
        assert "image/svg+xml" in images(cell)[0].data, cell.source
        assert isinstance(ast.parse(cell.source).body[-1], ast.Assign), cell.source
    assert names or not is_chapter
    assert len(set(names)) == len(names)


def test_names_of_figures_and_exercises_are_unique_over_the_book():
    names = []
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            names += [cell.metadata.get("mystnb", {}).get("figure", {}).get("name")]
            names += re.findall(r"^:label: (\S+)$", cell.source, re.M)
    names = [name for name in names if name]
    assert len(set(names)) == len(names)


def test_exercises_come_in_five_cells_that_pair_up(notebook, is_chapter):
    cells, found = notebook.cells, 0
    for i, cell in enumerate(cells):
        if cell.cell_type != "markdown" or ":::{exercise}" not in cell.source:
            continue
        found += 1
        label = re.search(r"^:label: (\S+)$", cell.source, re.M)[1]
        assert "exercise" in tags(cells[i + 1]), label
        assert re.fullmatch(r"(?:[\w ]+: to do\n)+", printed(cells[i + 1])), label
        assert f":::{{solution-start}} {label}\n:class: dropdown" in cells[i + 2].source, label
        end = next(j for j in range(i + 2, len(cells)) if "{solution-end}" in cells[j].source)
        solutions = [c for c in cells[i + 3 : end] if "solution" in tags(c)]
        verdict = "".join(map(printed, solutions))
        assert re.fullmatch(r"(?:[\w ]+: correct\n)+", verdict), label
        names = [set(re.findall(r"^([\w ]+):", t, re.M)) for t in (verdict, printed(cells[i + 1]))]
        assert names[0] == names[1], label
        for solution in solutions:
            assert solution.metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}
    assert found >= 3 or not is_chapter
    starts = sum(c.source.count("{solution-start}") for c in cells)
    assert found == starts == sum(c.source.count("{solution-end}") for c in cells)


def test_stubs_leave_nothing_that_later_cells_use(notebook):
    stubs: set[str] = set()
    for cell in code(notebook):
        tree = ast.parse(cell.source)
        stored = {
            n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        } | {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        if "exercise" in tags(cell):
            stubs |= stored
            continue
        used = {
            n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        }
        assert not (used - stored) & stubs, cell.source
        stubs -= stored


def test_every_chapter_has_a_self_check_that_says_why_a_choice_is_wrong(notebook, is_chapter):
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    choices = re.findall(r"</summary>\s*(Right|Wrong)\b", text)
    assert choices.count("Right") >= 3 or not is_chapter
    assert choices.count("Wrong") >= 2 * choices.count("Right") - 2
