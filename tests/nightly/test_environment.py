"""What the course runs in: pins, one Python everywhere, and JupyterLab as Binder opens it.

Workflows are looked at by zizmor and check-jsonschema in `.ci/run`; `make binder` installs what
Binder would and runs every notebook, weekly; the weekly run also says when the lock is behind.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from playwright.sync_api import expect
from sources import ROOT, contents

JUPYTER = Path(sys.executable).with_name("jupyter")


def lines(name: str) -> list[str]:
    """The lines of a file of requirements that say something, those of the files it names too."""
    found, path = [], ROOT / name
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("-r "):
            found += lines(os.path.relpath(path.parent / line.removeprefix("-r "), ROOT))
        elif line.strip() and not line.startswith("#"):
            found.append(line.strip())
    return found


def test_every_requirement_is_pinned_exactly_and_the_pin_is_installed():
    *pins, last = lines("requirements.txt")
    assert last == "-e ."
    for pin in pins + lines("requirements-tools.txt"):
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin), f"not an exact pin: {pin}"
    for name, wanted in (pin.split("==") for pin in pins):
        assert version(name).split("+")[0] == wanted, f"{name}: run `make book` to install the pin"


def test_what_the_package_needs_is_pinned_and_the_pin_is_new_enough():
    about = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = dict(pin.split("==") for pin in lines("requirements.txt")[:-1])
    extras = [line for each in about["optional-dependencies"].values() for line in each]
    for need in map(Requirement, [*about["dependencies"], *extras]):
        assert pinned[need.name] in need.specifier, need


def test_there_is_one_python():
    wanted = (ROOT / "binder/runtime.txt").read_text("utf-8").strip().removeprefix("python-")
    about = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert about["project"]["requires-python"] == f">={wanted}"
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for found in re.findall(r'python-version: "(.+)"', path.read_text("utf-8")):
            assert found == wanted, path.name
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    assert container["image"].startswith(f"python:{wanted}-")


def test_binder_gets_the_cpu_build_of_torch_and_what_notebooks_need():
    index, *found = lines("binder/requirements.txt")
    assert re.fullmatch(r"--extra-index-url \S+/whl/cpu", index)
    assert found == [*lines("requirements-notebooks.txt"), "-e ."]


@pytest.fixture
def binder(tmp_path):
    """The address of JupyterLab as Binder would start it, at a copy of what it starts from."""
    for name in ("binder", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "_toc.yml", tmp_path)
    inside = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    inside |= {"HOME": str(tmp_path), "PATH": f"{JUPYTER.parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["bash", "binder/postBuild"], cwd=tmp_path, env=inside, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    options += ["--IdentityProvider.token=", "--ServerApp.base_url=/user/reader/"]
    with subprocess.Popen([JUPYTER, "lab", *options], cwd=tmp_path, env=inside,
                          stderr=subprocess.PIPE, text=True) as server:  # fmt: skip
        log = ""
        while "is running at" not in log:
            log += server.stderr.readline() or pytest.fail(log, pytrace=False)
        yield f"http://127.0.0.1:{port}/user/reader/"
        server.terminate()


def test_binder_opens_the_first_notebook_with_its_boxes_and_figures(browser, binder):
    first = next(each for each in contents() if each.startswith("notebooks/"))
    page = browser.new_page(viewport={"width": 1200, "height": 3000})
    page.goto(binder, timeout=60_000)
    page.wait_for_url(f"**/lab/tree/{first}.ipynb*", timeout=60_000)
    notebook = page.locator(".jp-Notebook")
    expect(notebook.locator("aside").first).to_be_visible(timeout=60_000)
    drawn = notebook.locator(".jp-OutputArea img[src^='data:image/svg'], .jp-OutputArea svg")
    expect(drawn.first).to_be_visible(timeout=60_000)
    set_ = """() => [":::", "{term}", "<Figure size"].every(
      raw => !document.querySelector(".jp-Notebook").innerText.includes(raw))"""
    page.wait_for_function(set_, timeout=60_000)  # a cell shows its source until it is set
    assert "Jupyter news" not in page.inner_text("body")
    page.close()
