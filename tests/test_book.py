"""The sources of the book agree with each other, and say nothing of one machine."""

import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def tracked_files():
    """Every text file that is, or would be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: which files belong to the course is not known")
    paths = [ROOT / name for name in sorted(set(listed.stdout.split("\0"))) if name]
    pictures = {".png", ".ico", ".woff2"}
    return [path for path in paths if path.is_file() and path.suffix not in pictures]


def pages_in_toc():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *chapters]


def chapters_in_toc():
    """The notebooks that are chapters: those of the part that bears the name of the course."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    (part,) = (part for part in toc["parts"] if part["caption"] == "The two axes")
    return [chapter["file"] for chapter in part["chapters"]]


def test_the_table_of_contents_lists_every_page_once():
    pages = pages_in_toc()
    assert len(pages) == len(set(pages))
    files = [*(ROOT / "book").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
    assert set(pages) == {path.relative_to(ROOT).with_suffix("").as_posix() for path in files}


def test_file_names_are_slugs_without_numbers():
    for page in pages_in_toc():
        assert re.fullmatch(r"(book|notebooks)/[a-z]+(_[a-z]+)*", page), page


def requirement_lines(name):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def pins():
    """What the course installs for its readers and contributors."""
    first, *own, last = requirement_lines("requirements.txt")
    assert first == "-r requirements-notebooks.txt"
    assert last == "-e ."
    return requirement_lines("requirements-notebooks.txt") + own


def test_every_requirement_is_pinned_exactly():
    for pin in pins() + requirement_lines("requirements-tools.txt"):
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin), f"not an exact pin: {pin}"


def test_the_pins_are_what_is_installed():
    from importlib.metadata import version

    for pin in pins():
        name, wanted = pin.split("==")
        assert version(name).split("+")[0] == wanted, f"{name}: run `make book` to install the pin"


def test_only_the_makefile_and_binder_name_an_index_of_packages():
    index = re.compile(r"https?://[^\s\"']*(?:whl|pypi|simple/)[^\s\"']*", re.IGNORECASE)
    found = {}
    for path in set(tracked_files()) - {Path(__file__)}:
        for address in index.findall(path.read_text("utf-8")):
            found.setdefault(path.relative_to(ROOT).as_posix(), []).append(address)
    cpu = ["https://download.pytorch.org/whl/cpu"]
    assert found == {"Makefile": cpu, "binder/requirements.txt": cpu}


def test_the_address_of_the_repository_stands_in_one_place():
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    parts = urlsplit(config["repository"]["url"])
    address = parts.netloc + parts.path
    places = [
        path.relative_to(ROOT).as_posix()
        for path in tracked_files()
        for _ in range(path.read_text("utf-8").count(address))
    ]
    assert places == ["_config.yml"]


def test_no_file_holds_a_path_of_one_machine():
    places = "home|root|Users|work|private|mnt|tmp/[a-z0-9]"
    path_of_a_machine = re.compile(rf"(?<![\w.~)/:-])/(?:{places})/\w|\b[A-Z]:\\\\?Users\b")
    for path in tracked_files():
        if path == Path(__file__):
            continue
        found = path_of_a_machine.search(path.read_text("utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found.group()!r}"


def test_the_targets_that_the_readme_names_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for name in ("README.md", "CONTRIBUTING.md", "book/setup.md"):
        text = (ROOT / name).read_text("utf-8")
        code = " ".join(re.findall(r"```[\s\S]*?```|`[^`\n]+`", text))
        for target in re.findall(r"\bmake ([a-z]+)\b", code):
            assert target in targets, f"{name}: make {target}"
