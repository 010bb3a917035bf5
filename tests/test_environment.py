"""The environment: locked beside the pins, updated in one place, and the same in a container."""

import json
import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from test_book import pins
from tools import tool

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
FOR_GRAPHICS_CARDS = ("nvidia-", "cuda-", "triton")


def locked() -> dict[str, list[Requirement]]:
    """Each package's entries in the lock; the marker says for which system and Python one is."""
    entries: dict[str, list[Requirement]] = {}
    for line in LOCK.read_text("utf-8").splitlines():
        if re.match(r"[a-z0-9]", line):
            entry = Requirement(line.removesuffix("\\"))
            entries.setdefault(entry.name, []).append(entry)
    return entries


def test_the_lock_agrees_with_the_pins():
    entries = locked()
    for pin in pins():
        name, version = pin.split("==")
        assert [str(e.specifier) for e in entries[name]] == [f"=={version}"], "run `make lock`"


def test_every_locked_package_has_one_version_and_digests_and_no_address():
    text = LOCK.read_text("utf-8")
    assert "://" not in text
    assert "make lock" in text.splitlines()[1]
    blocks = re.findall(r"^[a-z0-9].*\n(?:    .*\n?)*", text, re.MULTILINE)
    assert len(blocks) > 100
    for block in blocks:
        first, *rest = block.splitlines()
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; [^;]+)? \\", first), first
        digests = [line for line in rest if "--hash" in line]
        assert digests, first
        for digest in digests:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", digest), first


def test_the_lock_holds_nothing_for_graphics_cards():
    assert [name for name in locked() if name.startswith(FOR_GRAPHICS_CARDS)] == []


def test_of_every_package_one_entry_at_most_is_for_this_system_and_python():
    for name, entries in locked().items():
        ours = [e for e in entries if e.marker is None or e.marker.evaluate()]
        assert len(ours) <= 1, name


def test_the_lock_lacks_nothing_that_is_needed_here():
    """Whatever the pinned packages ask for, and what these ask for, on this system."""
    ours = {
        name: entry
        for name, entries in locked().items()
        for entry in entries
        if entry.marker is None or entry.marker.evaluate()
    }
    todo, done = [Requirement(pin) for pin in pins()], set()
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in done or name.startswith(FOR_GRAPHICS_CARDS):
            continue
        done.add((name, frozenset(wanted.extras)))
        assert name in ours, f"{name} is not in the lock: run `make lock`"
        version = Version(str(ours[name].specifier).removeprefix("=="))
        assert wanted.specifier.contains(version, prereleases=True), f"{name}: run `make lock`"
        try:
            more = requires(name) or []
        except PackageNotFoundError:
            continue
        for need in map(Requirement, more):
            extras = [{"extra": extra} for extra in ("", *wanted.extras)]
            if need.marker is None or any(need.marker.evaluate(e) for e in extras):
                todo.append(need)
    assert len(done) > 100


@pytest.fixture(scope="module")
def updates():
    return yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf-8"))["updates"]


def test_updates_are_asked_for_in_one_place(updates):
    assert [u["package-ecosystem"] for u in updates] == ["pip", "github-actions"]
    assert all(u["directory"] == "/" for u in updates)
    others = ["renovate.json", ".renovaterc", ".github/renovate.json", "renovate.json5"]
    assert not any((ROOT / name).exists() for name in others)


def test_no_update_moves_a_package_to_where_the_course_cannot_follow(updates):
    kept = {i["dependency-name"]: i["versions"] for i in updates[0]["ignore"]}
    assert kept["jupyter-book"] == [">=2"]
    now = dict(pin.split("==") for pin in pins())
    for name, versions in kept.items():
        assert len(versions) == 1
        limit = Requirement(f"{name}{versions[0]}").specifier
        assert not limit.contains(now[name]), f"{name} is where no update may go"


def test_the_request_for_updates_has_the_form_that_the_host_reads():
    path = ROOT / ".github/dependabot.yml"
    check = [tool("check-jsonschema"), "--builtin-schema", "vendor.dependabot", path]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_container_has_the_python_of_the_course_and_is_set_up_by_make():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    wanted = (ROOT / "binder/runtime.txt").read_text("utf-8").strip().removeprefix("python-")
    assert container["image"].startswith(f"python:{wanted}-")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert container["postCreateCommand"].removeprefix("make ") in targets


def test_what_the_package_needs_has_a_least_version_that_the_pins_fulfil():
    about = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = about["project"]["optional-dependencies"].values()
    needed = [*about["project"]["dependencies"], *(line for extra in extras for line in extra)]
    pinned = dict(pin.split("==") for pin in pins())
    for need in map(Requirement, [*needed, *about["build-system"]["requires"]]):
        assert any(part.operator == ">=" for part in need.specifier), f"no least version: {need}"
        assert need.name not in pinned or pinned[need.name] in need.specifier, need
    assert {Requirement(line).name for line in needed} <= set(pinned)
