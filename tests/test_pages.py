"""What holds for every page: its links, its numbers, its place in the menu, its look-up entries.

A failure says what to do. `--notebook slug` looks at the links of one notebook.
"""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from urllib.parse import urlsplit

import prose
import pytest
import yaml
from sources import PAGES, ROOT, SLUGS, contents, labels, markdown, notebook, page, proven
from test_notebooks import mend

ENTRIES = {"original_answer": "answer", "errata": "errata", "questions": "q"}
"""Pages of entries that others link to, and how the label of an entry begins."""

VERDICTS = {"wrong", "half right", "right, but", "right", "good question", "never asked"}


def targets() -> dict[str, set[str]]:
    """What each kind of link may lead to."""
    glossary = re.findall(r"^\w.*", page("glossary").partition("{glossary}")[2], re.M)
    sources = re.findall(
        r"^@\w+\{([\w-]+),", (ROOT / "book/references.bib").read_text("utf-8"), re.M
    )
    names = {label for label, _ in labels()}
    return {
        "ref": names,
        "numref": names,
        "term": {term.lower() for term in glossary},
        "cite": set(sources),
        "cite:t": set(sources),
        "doc": set(contents()),
    }


def lost(path: str, text: str) -> list[str]:
    """Links of a text that lead nowhere."""
    there, found = targets(), []
    for kind, content in re.findall(r"\{([\w:]+)\}`([^`]+)`", text):
        inside = re.sub(r"^[^<]*<|>$", "", content) if "<" in content else content
        for one in inside.split(",") if kind.startswith("cite") else [inside]:
            name = one.lower() if kind == "term" else one
            if kind == "doc":
                name = one.lstrip("/") if "/" in one else f"{path.split('/')[0]}/{one}"
            if kind in there and name not in there[kind]:
                found.append(f"Mend {{{kind}}}`{content}` in {path}: there is no {one}.")
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text):
        if not (ROOT / path).parent.joinpath(target).exists():
            found.append(f"Mend the link to {target} in {path}: there is no such file.")
    return found


def test_every_link_of_a_notebook_leads_somewhere(slug):
    path = f"notebooks/{slug}.ipynb"
    mend(*lost(path, markdown()[path]))


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(name):
    mend(*lost(f"book/{name}.md", page(name)))


@pytest.mark.parametrize("name", PAGES)
def test_every_number_of_a_page_is_given_or_names_its_claim(name):
    claimed = {slug: [each.phrase for each in prose.claims(notebook(slug))] for slug in SLUGS}
    mend(*prose.faults_of_page(page(name), claimed))


def test_the_menu_lists_every_page_once():
    files = {f"book/{name}" for name in PAGES} | {f"notebooks/{slug}" for slug in SLUGS}
    listed = contents()
    mend(
        *[f"Name {path} in _toc.yml." for path in files - set(listed)],
        *[f"Name {path} in _toc.yml once." for path in set(listed) if listed.count(path) > 1],
        *[
            f"Call {path} by a slug of letters and underscores: numbers change with the order."
            for path in listed
            if not re.fullmatch(r"(book|notebooks)/[a-z]+(_[a-z]+)*", path)
        ],
    )


# The pages of entries: each has an address, a verdict if it judges, and a section that proves it.


def entries(name: str) -> dict[str, str]:
    """Label of each entry, a heading of the third level, and what stands below it."""
    parts = re.split(rf"^\(({ENTRIES[name]}-[\w-]+)\)=\n(?=### )", page(name), flags=re.M)
    bodies = [re.split(r"^## |^\([\w-]+\)=$", part, flags=re.M)[0] for part in parts]
    return dict(zip(parts[1::2], bodies[2::2], strict=True))


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_has_an_address_and_a_section_that_proves_it(name):
    bare = re.findall(r"(?<!\)=\n)^### (.*)$", page(name), re.M)
    found = [f"Put a label, ({ENTRIES[name]}-…)=, above the heading “{each}”." for each in bare]
    for label, body in entries(name).items():
        led = re.findall(r"\{ref\}`(?:[^`<]*<)?([\w-]+)>?`", body)
        cited = re.findall(r"\{cite(?::t)?\}`", body)
        if not any(proven().get(each) for each in led) and len(cited) < 2:
            found.append(
                f"Let {label} link to a section of a notebook with a claim or an assertion in it, "
                "or, where no chapter shows it, cite two sources."
            )
    mend(*found)


def test_a_verdict_is_one_of_six_and_the_same_at_a_glance():
    found = []
    for label, body in entries("original_answer").items():
        said = re.search(r"^\*\*(.+?)\*\*", body, re.M)
        verdict = said[1].rstrip(".").lower() if said else ""
        row = re.search(
            rf"^\| {{ref}}`\w+ <{label}>` \| .+ \| (.+) \|$", page("original_answer"), re.M
        )
        if verdict not in VERDICTS:
            found.append(f"Begin {label} with one of these in bold: {', '.join(sorted(VERDICTS))}.")
        elif row is None or row[1].removesuffix(" …") != verdict:
            found.append(f"Give {label} a row in the table at a glance that says: {verdict}.")
    mend(*found)


def test_an_erratum_says_where_what_and_the_version_that_was_read():
    version, found = re.compile(r"\b(?:[0-9a-f]{40}|20\d\d|\d+\.\d+\.\d+)\b"), []
    for label, body in entries("errata").items():
        parts = re.findall(r"^- \*\*(Where|It says|In fact|Shown at)", body, re.M)
        where = body.partition("- **It says")[0]
        if parts != ["Where", "It says", "In fact", "Shown at"]:
            found.append(f"Let {label} say Where, It says, In fact, Shown at, in this order.")
        if not re.search(r"\]\(https://[^)\s]+\)", where) or not version.search(where):
            found.append(f"Link in {label} to the place, and name the version that was read.")
    mend(*found)


def test_a_lesson_fills_its_time_without_a_gap():
    found = []
    for label, plan in re.findall(
        r"^\((teach-\w+)\)=\n([\s\S]*?)(?=^\(|\Z)", page("teachers"), re.M
    ):
        steps = re.findall(r"^(\d+) to (\d+) minutes\n: ", plan, re.M)
        for (_, end), (begin, _) in pairwise(steps):
            if end != begin:
                found.append(f"Let the step of {label} that begins at {begin} begin at {end}.")
    mend(*found)


# What is in the repository


def tracked() -> dict[str, str]:
    """Every text file that is, or would be, in the repository."""
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout: which files belong to the course is not known")
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    pictures = {".png", ".ico", ".woff2"}
    kept = [path for path in paths if path.is_file() and path.suffix not in pictures]
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in kept}


def test_the_address_of_the_repository_stands_in_one_place():
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    parts = urlsplit(config["repository"]["url"])
    address = parts.netloc + parts.path.rstrip("/")
    places = [name for name, text in tracked().items() if address in text]
    others = set(places) - {"_config.yml", "CITATION.cff"}
    mend(*[f"Take the address out of {each}: _config.yml has it." for each in others])


def test_no_file_holds_a_path_of_one_machine():
    places = "home|root|Users|work|private|mnt|tmp/[a-z0-9]"
    machine = re.compile(rf"(?<![\w.~)/:-])/(?:{places})/\w|\b[A-Z]:\\\\?Users\b")
    here = "tests/test_pages.py"
    hits = {name: machine.search(text) for name, text in tracked().items() if name != here}
    mend(*[f"Take the path {hit[0]!r} out of {name}." for name, hit in hits.items() if hit])


def test_what_make_is_asked_for_on_a_page_it_can_do():
    able = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    found = []
    for name in ("README.md", "CONTRIBUTING.md", "book/setup.md"):
        shown = re.findall(r"```[\s\S]*?```|`[^`\n]+`", (ROOT / name).read_text("utf-8"))
        for target in re.findall(r"\bmake ([a-z]+)\b", " ".join(shown)):
            found += [] if target in able else [f"Mend {name}: there is no `make {target}`."]
    mend(*found)
