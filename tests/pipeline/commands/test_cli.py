"""The command line: parsing, one JSON object on stdout, exit codes, and errors in one sentence."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from PIL import Image

from pipeline import cli
from pipeline.commands import show_command
from pipeline.configuration.config import apply_settings
from pipeline.configuration.presets import PRESETS
from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import find_run
from pipeline.runs.status import Status, process_identity, read_status, write_status

ROOT = Path(__file__).resolve().parents[3]
LISTS_RUNS = "`python -m pipeline runs list` lists those that there are."
RUN_KEYS = {"run", "state", "pid", "seconds", "validation"}


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("LESIONLAB_HOME", str(tmp_path / "home"))
    return Workspace(tmp_path / "home")


@pytest.fixture
def call(workspace, capfd):
    """Runs a command in this process and gives its exit code, stdout and stderr."""

    def run(*arguments):
        capfd.readouterr()
        code = cli.main([str(a) for a in arguments])
        return code, *capfd.readouterr()

    return run


@pytest.fixture
def archive(tmp_path):
    """A folder with 12 images of 6 lesions."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    rows = []
    for n in range(12):
        Image.new("RGB", (40, 30), (20 * n, 100, 80)).save(folder / f"ISIC_{n:07d}.jpg")
        rows.append((f"HAM_{n // 2:07d}", f"ISIC_{n:07d}", "nv" if n < 8 else "mel", "histo", 50.0, "male", "back"))
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "HAM10000_metadata.csv", index=False)
    return folder


@pytest.fixture
def tiny(archive, call):
    assert call("data", "import", archive, "--name", "tiny")[0] == 0


@pytest.fixture
def worker(monkeypatch):
    """Stands in for the trainer: `worker.act(run)` gives the fields of the final status."""
    stand_in = SimpleNamespace(act=lambda run: {"state": "done"})

    def work(run, workspace, progress):
        print("a library that prints")
        os.write(1, b"C code that prints\n")
        progress(0.5, "Half of it.")
        write_status(run.status_path, Status(created=1.0, started=2.0, ended=5.5, **stand_in.act(run)))
        return run.status()

    monkeypatch.setitem(sys.modules, "pipeline.jobs.job_worker", SimpleNamespace(work=work))
    return stand_in


def test_the_parser_needs_no_heavy_library():
    program = (
        "import sys; from pipeline.cli import build_parser; build_parser();"
        "print([m for m in ('torch', 'fastai', 'pandas', 'numpy', 'PIL', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    [
        "demo", "data import", "data list", "train", "cancel", "evaluate", "predict", "runs list", "runs show",
        "models list", "presets list", "presets show",
    ],
)
def test_every_command_explains_itself_and_takes_json(command, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([*command.split(), "--help"])
    text = capsys.readouterr().out
    assert end.value.code == 0
    assert "--json" in text


def test_the_trainer_s_own_command_is_not_listed(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    listed = re.findall(r"^    ([a-z-]+)", capsys.readouterr().out.split("commands:")[1], re.MULTILINE)
    assert "train" in listed and not {"work"} & set(listed)


@pytest.mark.parametrize(
    "arguments", [[], ["runs"], ["train", "--data", "x"], ["nonsense"], ["runs", "show"], ["train", "--dat", "x"]]
)
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_an_empty_workspace_has_empty_lists_and_is_not_created(call, workspace):
    assert call("runs", "list", "--json") == (0, '{\n "runs": []\n}\n', "")
    assert json.loads(call("models", "list", "--json")[1]) == {"models": []}
    assert json.loads(call("data", "list", "--json")[1]) == {"datasets": []}
    assert "demo" in call("runs", "list")[1]
    assert not workspace.home.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["runs", "show", "x-1"], f"There is no run named x-1. {LISTS_RUNS}"),
        (["cancel", "x-1"], f"There is no run named x-1. {LISTS_RUNS}"),
        (["evaluate", "../x"], f"There is no run named ../x. {LISTS_RUNS}"),
        (["presets", "show", "x"], f"There is no preset named x. The presets are {', '.join(PRESETS)}."),
        (["predict", "--model", "x", "a.jpg"],
         "There is no run or model named x. There is no model yet: train one first."),
        (["data", "import", "--name", "x"],
         "There is nothing to import. Give the PATH of an archive or folder, or --sources CSV."),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_1(call, arguments, sentence):
    assert call(*arguments) == (1, "", sentence + "\n")
    code, out, err = call(*arguments, "--json")
    assert (code, json.loads(out), err) == (1, {"error": sentence}, sentence + "\n")


def test_what_the_system_refuses_is_one_sentence_too(call, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere")

    monkeypatch.setattr(cli.show_command, "presets_list", full)
    assert call("presets", "list") == (1, "", "/somewhere: The disk is full. Free some space and try again.\n")


def test_ctrl_c_exits_with_130(call, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.show_command, "presets_list", interrupted)
    assert call("presets", "list") == (130, "", "Interrupted.\n")


@pytest.mark.parametrize("name", PRESETS)
def test_a_shown_preset_s_settings_give_the_preset_again(call, name):
    shown = json.loads(call("presets", "show", name, "--json")[1])
    config = PRESETS[name].config
    assert apply_settings(config, [f"{key}={value}" for key, value in shown["settings"].items()]) == config
    assert [stage["words"] for stage in shown["stages"]] == [stage.words for stage in config.stages]
    text = call("presets", "show", name)[1]
    assert PRESETS[name].reason in text and config.stages[0].words in text


def test_import_and_list(call, archive, tmp_path):
    code, out, err = call("data", "import", archive, "--name", "tiny", "--json")
    answer = json.loads(out)
    assert (code, answer["name"], answer["images"], answer["lesions"], answer["problems"]) == (0, "tiny", 12, 6, [])
    assert set(answer["diagnoses"]) == {"mel", "nv"}
    assert "Imported 12 images." in err
    (listed,) = json.loads(call("data", "list", "--json")[1])["datasets"]
    assert (listed["name"], listed["images"], listed["generated"], listed["problems"]) == ("tiny", 12, False, 0)
    assert "Melanoma · mel" in call("data", "import", archive, "--name", "tiny")[1]
    sources = tmp_path / "sources.csv"
    sources.write_text("image_id,dataset\nISIC_0000003,vidir\n")
    assert call("data", "import", "--name", "tiny", "--sources", sources)[0] == 0
    assert call("data", "import", archive, "--name", "tiny", "--sources", sources)[0] == 0
    code, out, err = call("data", "import", tmp_path / "none.zip", "--name", "other")
    assert (code, out) == (1, "") and "none.zip" in err


@pytest.mark.parametrize(
    "setting", ["depth=3", "size", "size=0", "epochs=1", "epochs=0,0", "limit=-5", "weights=best"]
)
def test_unknown_settings_are_refused_before_a_run_exists(call, tiny, workspace, setting):
    code, out, err = call("train", "--data", "tiny", "--preset", "quick", "--set", setting, "--json")
    assert code == 1 and setting.partition("=")[0] in err and err.count("\n") == 1
    assert list(json.loads(out)) == ["error"]
    assert not list(workspace.runs.iterdir())


def test_a_trained_run_is_the_only_thing_on_stdout(call, tiny, worker):
    settings = ("--set", "seed=3", "--set", "epochs=1,0")
    code, out, err = call("train", "--data", "tiny", "--preset", "quick", *settings, "--json")
    answer = json.loads(out)
    assert code == 0 and set(answer) >= RUN_KEYS
    assert (answer["run"], answer["state"], answer["pid"], answer["seconds"]) == ("tiny-quick-1", "done", None, 3.5)
    assert answer["validation"] is None
    for said in ("a library that prints", "C code that prints", "Half of it.", "frozen, head only, 1 epoch"):
        assert said in err
    shown = json.loads(call("runs", "show", "tiny-quick-1", "--json")[1])
    assert (shown["config"]["seed"], len(shown["config"]["stages"])) == (3, 1)
    assert [r["run"] for r in json.loads(call("runs", "list", "--json")[1])["runs"]] == ["tiny-quick-1"]


@pytest.mark.parametrize("command", [
    ["train", "--data", "tiny", "--preset", "quick"], ["work", "training", "runs/tiny-quick-1"],
])
def test_a_failed_run_exits_with_1_and_its_sentence(call, tiny, worker, command):
    if command[0] == "work":
        worker.act = lambda run: {"state": "queued"}
        call("train", "--data", "tiny", "--preset", "quick")
    worker.act = lambda run: {"state": "failed", "error": "The loss is no number."}
    code, out, err = call(*command, "--json")
    assert (code, json.loads(out)["state"], json.loads(out)["error"]) == (1, "failed", "The loss is no number.")
    assert err.rstrip().endswith("\nThe loss is no number.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_the_trainer_to_stop(call, tiny, worker, number):
    before = signal.getsignal(number)

    def act(run):
        os.kill(os.getpid(), number)
        assert run.stop_path.exists()
        return {"state": "cancelled"}

    worker.act = act
    code, out, err = call("train", "--data", "tiny", "--preset", "quick", "--json")
    assert (code, json.loads(out)["state"]) == (1, "cancelled")
    assert "Stopping tiny-quick-1." in err
    assert signal.getsignal(number) is before


def test_a_second_signal_ends_the_process(call, tiny, worker):
    worker.act = lambda run: [os.kill(os.getpid(), signal.SIGINT) for _ in range(2)]
    assert call("train", "--data", "tiny", "--preset", "quick")[0] == 130


def test_detached_and_cancelled(call, tiny, monkeypatch, workspace):
    monkeypatch.setattr("pipeline.jobs.launch.subprocess.Popen", lambda *a, **k: SimpleNamespace(pid=2**22 + 1))
    assert call("train", "--data", "tiny", "--preset", "quick", "--detach") == (0, "tiny-quick-1\n", "")
    answer = json.loads(call("train", "--data", "tiny", "--preset", "quick", "--detach", "--json")[1])
    assert (answer["run"], answer["state"]) == ("tiny-quick-2", "queued")
    run = find_run(workspace, "tiny-quick-1")
    write_status(run.status_path, Status("running", 1.0, **process_identity()))

    def sleep(_):
        write_status(run.status_path, Status("cancelled", read_status(run.status_path).created))

    monkeypatch.setattr("pipeline.commands.train_command.time.sleep", sleep)
    code, out, _ = call("cancel", "tiny-quick-1", "--json")
    assert (code, json.loads(out)["state"], run.stop_path.exists()) == (0, "cancelled", True)
    code, out, err = call("cancel", "tiny-quick-1")
    assert (code, out) == (1, "") and "it is cancelled" in err


def test_settings_are_shown_for_every_key():
    from pipeline.configuration.config import SETTINGS

    table = show_command.config_text(PRESETS["quick"].config).partition("\nSettings")[2].strip().splitlines()
    assert [line.split()[0] for line in table] == list(SETTINGS)
