"""Binder: what it would build and where it would start, shown without a container."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import memory
import pytest
import yaml
from javascript import chromium
from tools import tool

ROOT = Path(__file__).parents[1]
JUPYTER = Path(sys.executable).with_name("jupyter")
IMPORTED_AS = {"pytorch-ignite": "ignite"}


def first_notebook() -> str:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    pages = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return next(page for page in pages if page.startswith("notebooks/"))


def lines(path: Path) -> list[str]:
    """The lines of a file of requirements that say something, those of the files it names too."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("-r "):
            found += lines(path.parent / line.removeprefix("-r "))
        elif line.strip() and not line.startswith("#"):
            found.append(line.strip())
    return found


@pytest.fixture(scope="module")
def plan() -> str:
    """The build as Binder's own tool would do it."""
    build = [tool("jupyter-repo2docker"), "--no-build", "--debug", "."]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_plan_has_the_python_of_the_course(plan):
    wanted = (ROOT / "binder/runtime.txt").read_text("utf-8").strip().removeprefix("python-")
    assert f"conda environment for python={wanted}" in plan
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'requires-python = ">={wanted}"' in project


def test_the_plan_installs_the_requirements_when_the_course_is_in_place(plan):
    copied = plan.index("COPY --chown=0:0 src/ ${REPO_DIR}/")
    installed = plan.index('pip install --no-cache-dir -r "binder/requirements.txt"')
    prepared = plan.index("./binder/postBuild")
    assert copied < installed < prepared


def test_binder_gets_the_cpu_build_of_torch_the_notebooks_packages_and_the_helpers():
    found = lines(ROOT / "binder/requirements.txt")
    assert found[0].startswith("--extra-index-url ")
    assert found[0].endswith("/whl/cpu")
    assert found[-1] == "-e ."
    assert found[1:-1] == lines(ROOT / "requirements-notebooks.txt")
    assert any(line.startswith("torch==") for line in found)
    assert any(line.startswith("jupyterlab-myst==") for line in found)


def test_nothing_that_only_checks_need_goes_to_binder():
    ours = {line.split("==")[0] for line in lines(ROOT / "requirements-notebooks.txt")}
    used = {"ipykernel", "jupyterlab", "jupyterlab-myst"}  # by Binder itself
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "notebooks").glob("*.ipynb")]:
        used |= set(re.findall(r"(?:import|from) (\w+)", path.read_text("utf-8")))
    imported = {IMPORTED_AS.get(name, name) for name in ours}
    assert imported <= used, imported - used


@pytest.fixture(scope="module")
def binder(tmp_path_factory) -> Iterator[str]:
    """The address of JupyterLab as Binder would start it, at a copy of what it starts from."""
    home = tmp_path_factory.mktemp("binder")
    for name in ("binder", "notebooks"):
        shutil.copytree(ROOT / name, home / name)
    shutil.copy(ROOT / "_toc.yml", home)
    path = f"{JUPYTER.parent}{os.pathsep}{os.environ['PATH']}"
    inside = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    inside |= {"HOME": str(home), "PATH": path}
    prepare = ["bash", "binder/postBuild"]
    done = subprocess.run(prepare, cwd=home, env=inside, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    options += ["--IdentityProvider.token=", "--ServerApp.base_url=/user/reader/"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [JUPYTER, "lab", *options], cwd=home, env=inside, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}/user/reader/"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                urlopen(address, timeout=10).close()
                break
            except URLError:
                assert server.poll() is None, (home / "log").read_text()
                assert time.monotonic() < until, (home / "log").read_text()
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def test_the_start_page_is_the_books_first_notebook_in_jupyterlab(binder):
    with urlopen(binder, timeout=10) as page:
        assert page.url.split("?")[0] == f"{binder}lab/tree/{first_notebook()}.ipynb"


def test_the_button_of_a_chapter_opens_jupyterlab_too(binder):
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        with urlopen(f"{binder}lab/tree/notebooks/{path.name}", timeout=10) as page:
            assert page.status == 200


# What a reader sees of the notebook's cells.
SEEN = """
const notebook = document.querySelector(".jp-Notebook");
const count = selector => notebook?.querySelectorAll(selector).length ?? 0;
return {
  text: notebook?.innerText ?? "",
  boxes: count(".jp-RenderedMarkdown aside, .jp-MarkdownCell .myst aside"),
  drawings: count(".jp-OutputArea img[src^='data:image/svg'], .jp-OutputArea svg"),
  asked: document.body.innerText.includes("Jupyter news"),
};
"""


def test_boxes_and_figures_are_drawn_before_anything_has_run(binder):
    with chromium() as browser:
        browser.set_script_timeout(120)
        browser.set_window_size(1200, 3000)
        browser.get(binder)
        until = time.monotonic() + 60
        seen = browser.execute_script(SEEN)
        # A cell shows its source until its turn to be set has come.
        unset = (":::", "{term}", "<Figure size")
        while not (seen["boxes"] and seen["drawings"]) or any(u in seen["text"] for u in unset):
            if time.monotonic() > until:
                break
            time.sleep(0.5)
            seen = browser.execute_script(SEEN)
    assert seen["boxes"] >= 1, seen["text"]
    assert seen["drawings"] >= 1, seen["text"]
    assert ":::" not in seen["text"]
    assert "{term}" not in seen["text"]
    assert "<Figure size" not in seen["text"]
    assert not seen["asked"]


def test_the_settings_that_binder_gets_are_what_the_script_says(binder, tmp_path):
    """An own folder for settings is respected, as some servers set one."""
    home = tmp_path / "home"
    for name in ("binder", "notebooks"):
        shutil.copytree(ROOT / name, home / name)
    shutil.copy(ROOT / "_toc.yml", home)
    inside = os.environ | {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(tmp_path / "own")}
    inside["PATH"] = f"{JUPYTER.parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["bash", "binder/postBuild"], cwd=home, env=inside, check=True)
    settings = json.loads((tmp_path / "own/jupyter_server_config.json").read_text("utf-8"))
    start = {"default_url": f"/lab/tree/{first_notebook()}.ipynb"}
    assert settings == dict.fromkeys(("ServerApp", "LabApp", "JupyterNotebookApp"), start)
    assert not (home / ".jupyter").exists()


def test_the_peak_of_a_process_counts_what_it_has_given_back():
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells the peak")
    code = "x = bytearray(300_000_000); x[::4096] = b'x' * len(x[::4096]); del x; input()"
    with subprocess.Popen(
        [sys.executable, "-c", f"print(1, flush=True); {code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        until = time.monotonic() + 30
        while (memory.peak(process.pid) or 0) < 300_000_000 and time.monotonic() < until:
            time.sleep(0.05)
        size = memory.peak(process.pid)
        process.communicate(b"\n")
    assert size is not None
    assert 300_000_000 <= size < 400_000_000
    assert memory.peak(process.pid) is None


def test_a_notebook_that_takes_too_much_memory_fails(monkeypatch):
    monkeypatch.setattr(memory, "peaks", {})
    memory.note("small", 999_000_000)
    memory.note("unknown", None)
    with pytest.raises(pytest.fail.Exception, match=r"large took 1\.10 GB .* gives 1\.00 GB"):
        memory.note("large", 1_100_000_000)
    assert memory.peaks == {"small": 999_000_000, "large": 1_100_000_000}
