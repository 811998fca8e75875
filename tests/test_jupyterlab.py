"""Notebook 13 in JupyterLab in a real browser: somebody moves a slider, and the figure changes."""

import json
import os
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from test_house import ROOT

pytestmark = pytest.mark.browser

NOTEBOOK = ROOT / "notebooks" / "13_fusion.ipynb"
#: What JupyterLab does beside its work: looks for updates and news, starts language servers, uses
#: the user's folders.
LAB = {"expose_app_in_browser": True, "extension_manager": "readonly"}
LAB |= {"check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "news_url": None}
SERVER = {"ip": "localhost", "port": 0, "open_browser": False, "allow_root": True}
SERVER |= {"jpserver_extensions": {"jupyter_lsp": False}}
QUIET = {"fetchNews": "false", "checkForUpdates": False}

READY = """
const panel = window.jupyterapp?.shell.currentWidget;
return panel?.sessionContext?.session?.kernel?.status === 'idle' && panel.content.widgets.length > 10
"""
CELLS = """
return jupyterapp.shell.currentWidget.content.widgets.map(cell => [cell.model.type, cell.model.sharedModel.getSource()])
"""
#: JupyterLab's own command for Shift+Enter on a cell; its outputs when it is done.
RUN = """
const [index, done] = arguments, notebook = jupyterapp.shell.currentWidget.content;
notebook.deselectAll();
notebook.activeCellIndex = index;
jupyterapp.commands.execute('notebook:run-cell').then(
  () => done(notebook.widgets[index].model.outputs.toJSON()),
  error => done([{output_type: 'error', evalue: `${error}`}])
);
"""
#: In one step, because a figure may be replaced between two; "" where there is none at the moment.
FIGURE = """
const source = document.querySelector('.widget-interact img')?.src ?? '';
return source.startsWith('data:image/png') ? source : '';
"""
#: Of the controls with their figure, and of the notebook's panel.
HEIGHTS = """
const panel = jupyterapp.shell.currentWidget.content.node;
return [document.querySelector('.widget-interact').offsetHeight, panel.clientHeight]
"""
#: How many formulas of a cell are drawn, once it is in view.
FORMULAS = """
const notebook = jupyterapp.shell.currentWidget.content;
notebook.scrollToItem(arguments[0]);
return notebook.widgets[arguments[0]].node.querySelectorAll('mjx-container').length
"""
TEXTS = "return [...document.querySelectorAll(arguments[0])].map(element => element.textContent)"


def read(path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A server of one's own, with nothing but a copy of the notebook: the notebook's address there."""
    root = tmp_path_factory.mktemp("lab")
    work, config, settings = (root / name for name in ("work", "config", "settings"))
    quiet = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    for folder in (work, config, quiet.parent):
        folder.mkdir(parents=True)
    shutil.copy(NOTEBOOK, work)
    quiet.write_text(json.dumps(QUIET))
    folders = {"user_settings_dir": str(settings), "workspaces_dir": str(root / "workspaces")}
    options = {"LabApp": LAB | folders, "ServerApp": SERVER | {"root_dir": str(work)}}
    (config / "jupyter_lab_config.json").write_text(json.dumps(options))
    environment = os.environ | {"EMOTUTILS_PROFILE": "sample", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment |= {"JUPYTER_CONFIG_DIR": str(config), "IPYTHONDIR": str(root / "ipython")}
    environment |= {f"JUPYTER_{name.upper()}_DIR": str(root / name) for name in ("runtime", "data")}
    environment.pop("EMOTUTILS_STATIC", None)
    with (root / "log").open("w") as log:
        command = [sys.executable, "-m", "jupyter", "lab"]
        server = subprocess.Popen(command, cwd=work, env=environment, stdout=log, stderr=log)
        try:
            wait = WebDriverWait(root / "runtime", 120)
            wait.until(
                lambda runtime: (
                    server.poll() is not None or any(map(read, runtime.glob("jpserver-*.json")))
                )
            )
            assert server.poll() is None, (root / "log").read_text()
            (facts,) = (
                json.loads(read(path)) for path in (root / "runtime").glob("jpserver-*.json")
            )
            yield f"{facts['url']}lab/tree/{NOTEBOOK.name}?token={facts['token']}"
        finally:
            server.terminate()  # and its kernel with it
            server.wait(60)


def test_a_moved_slider_changes_the_figure(chromium, lab):
    chromium.set_script_timeout(300)
    wait = WebDriverWait(chromium, 120)
    for log in ("browser", "performance"):
        chromium.get_log(log)  # the page that a browser begins with
    chromium.set_window_size(1366, 768)
    chromium.get(lab)
    wait.until(lambda driver: driver.execute_script(READY), "the notebook never opened")

    cells = chromium.execute_script(CELLS)
    frame = next(
        k for k, (kind, text) in enumerate(cells) if kind == "markdown" and text.startswith("## ")
    )
    imports = [k for k, (kind, _) in enumerate(cells[:frame]) if kind == "code"]
    wanted = ("pair =", "FILM =", "def again(", ".interactive(")
    used = [next(k for k, (_, text) in enumerate(cells) if code in text) for code in wanted]
    for index in (*imports, *used):
        outputs = chromium.execute_async_script(RUN, index)
        assert not [
            o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"
        ], outputs

    def figure() -> str:
        return chromium.execute_script(FIGURE)

    wait.until(lambda _: figure(), "no figure under the sliders")
    before = figure()
    controls = chromium.execute_script(TEXTS, ".widget-interact .widget-label")
    assert controls == ["rule", "seconds", "wrong at most"]
    assert chromium.execute_script(TEXTS, ".widget-readout") == ["1.50", "0.20"]
    shown, room = chromium.execute_script(HEIGHTS)
    assert shown <= room, "while a slider moves all lanes are in view"

    chromium.find_element(By.CSS_SELECTOR, ".noUi-handle").send_keys(Keys.ARROW_RIGHT * 4)
    wait.until(
        lambda driver: driver.execute_script(TEXTS, ".widget-readout")[0] == "3.50",
        "the slider did not move",
    )
    wait.until(lambda _: figure() not in ("", before), "the figure did not change")

    formula = next(k for k, (kind, text) in enumerate(cells) if kind == "markdown" and "$$" in text)
    wait.until(lambda driver: driver.execute_script(FORMULAS, formula), "a formula stays TeX")
    assert not chromium.execute_script(TEXTS, "mjx-merror"), "TeX that MathJax cannot read"

    events = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]
    asked = {
        e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"
    }
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts - {"colab.research.google.com"} == {"localhost"}, (
        "beside the badge everything comes from this machine"
    )
