"""A workspace with one damaged file: every page opens, what is whole is shown, and the damaged file is named.

Each case damages one file in one way, opens all pages at the addresses that read it, and asks the commands.
"""

import contextlib
import io
import json
import os
import pkgutil
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import app
from pipeline import cli
from tests.hostile import old_home
from tests.hostile.case import Case
from tests.hostile.old_home import BYTES, DATA, EVALUATION, JSON, MODEL, PLACES, RUN, SEARCH, TABLES

PRELOAD = (
    "streamlit.testing.v1", "tests.hostile.workspaces", "tests.app_pages", "sklearn.metrics", "plotly.graph_objects",
    *(module.name for module in pkgutil.walk_packages(app.__path__, "app.")
      if module.name.startswith(("app.components.", "app.charts."))), "pipeline.evaluation.evaluate",
)
_ASSETS = Path(__file__).resolve().parents[2] / "assets" / "models" / "default"
_RUN, _DATASET = f"runs/{RUN}", f"datasets/{DATA}"
# which files, in which ways each is damaged, and how many of the ways are drawn
_JSON_FILES = {
    "config": f"{_RUN}/config.json", "status": f"{_RUN}/status.json", "results": f"{_RUN}/results.json",
    "label": f"{_RUN}/label.json", "what-if": f"{_RUN}/what_if.json", "job-status": f"{_RUN}/embedding/status.json",
    "run-model": f"{_RUN}/model/model.json", "evaluation": f"runs/{EVALUATION}/config.json",
    "found": f"searches/{SEARCH}/found.json", "search-config": f"searches/{SEARCH}/config.json",
    "search-status": f"searches/{SEARCH}/status.json", "model": f"models/{MODEL}/model.json",
    "model-label": f"models/{MODEL}/label.json", "dataset": f"{_DATASET}/dataset.json",
    "audit": f"{_DATASET}/audit.json", "cache": f"{_DATASET}/cache/64x64-squish/cache.json",
    "set": "teaching/set-1.json", "lesson": "teaching/lessons/lesson-1.json", "remarks": f"teaching/images/{DATA}.json",
    "fetch": ".downloads/ham10000/fetch.json", "fetch-status": ".downloads/ham10000/status.json",
}
_TABLES = {
    "split": f"{_RUN}/split.parquet", "predictions": f"{_RUN}/predictions.parquet",
    "neighbours": f"{_RUN}/neighbours.parquet", "map": f"{_RUN}/map.parquet",
    "evidence": f"{_RUN}/evidence-*.parquet", "training-images": f"models/{MODEL}/training_images.parquet",
    "metadata": f"{_DATASET}/metadata.parquet", "criteria": f"{_DATASET}/criteria/criteria.parquet",
    "evaluation-predictions": f"runs/{EVALUATION}/predictions.parquet",
}
_OTHERS = {
    "events": f"{_RUN}/events.jsonl", "search-events": f"searches/{SEARCH}/events.jsonl",
    "heatmaps": f"{_RUN}/heatmaps.npz", "card": f"models/{MODEL}/card.md",
    "weights": f"models/{MODEL}/model.safetensors", "verdicts": f"{_DATASET}/same_lesion.csv",
    "checkpoint": "runs/tiny-quick-1/checkpoints/resume.pt",
}
_BUNDLED = {
    "bundled-model": "model.json", "bundled-results": "run/results.json", "bundled-split": "run/split.parquet",
    "bundled-predictions": "run/predictions.parquet", "bundled-leakage": "leakage/lesion.parquet",
    "bundled-status": "run/status.json",
}
_OF_RUN = {"run": RUN}
_PAGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("home", {}), ("runs", {"runs": f"{RUN},{EVALUATION}"}), ("models", {"model": MODEL}), ("models", {"model": RUN}),
    ("get_data", {}), ("dataset", {"data": DATA}), ("train", _OF_RUN), ("rates", {"search": SEARCH}),
    ("errors", _OF_RUN), ("explore", _OF_RUN), ("explore", {**_OF_RUN, "view": "map"}),
    ("explore", {**_OF_RUN, "set": "set-1"}), ("explore", {**_OF_RUN, "view": "sets"}),
    ("case", {**_OF_RUN, "image": "IMG_0001"}), ("evaluation", _OF_RUN),
    ("evaluation", {**_OF_RUN, "topic": "calibration"}), ("evaluation", {**_OF_RUN, "topic": "subgroups"}),
    ("evaluation", {**_OF_RUN, "topic": "operating-point"}), ("evaluation", {"run": EVALUATION}),
    ("evaluate_on", {"model": MODEL}), ("leakage", {"data": DATA, **_OF_RUN}),
    *(("leakage", {"data": DATA, "topic": topic}) for topic in ("pairs", "metadata", "evidence")),
    ("classify", {"model": MODEL}), ("article", {}), ("teach", {}), ("teach", {"lesson": "lesson-1"}),
    ("criteria", {"criterion": "globules"}),
)
_BUNDLED_PAGES = tuple((page, {"run": "default-out-of-fold"}) for page in ("errors", "evaluation", "runs")) + (
    ("home", {}), ("models", {"model": "default"}), ("leakage", {"data": DATA}),
)
# a damage that no reader can overlook, and files whose damage is said; others are made anew or go unread
_CERTAIN = {"empty", "random", "another-type", "deep", "a-folder", "a-loop", "a-pipe", "another-table", "repeated"}
_SAID = {
    "config", "status", "results", "what-if", "found", "run-model", "evaluation", "model", "dataset", "audit", "set",
    "lesson", "criteria",
    "remarks", "split", "predictions", "neighbours", "map", "evidence", "training-images", "metadata", "events",
    "search-events", "heatmaps", "card", "evaluation-predictions", "verdicts", "weights",
}
_LENIENT = {"events", "search-events", "card"}  # a line that was cut off, an empty card: nothing is wrong with them
_FAST = {"1e300", "a-folder", "repeated", "another-type", "random"}


def _file(folder: Path, pattern: str) -> Path:
    return next(folder.glob(pattern)) if "*" in pattern else folder / pattern


def pages_say(pages: tuple[tuple[str, dict[str, str]], ...]) -> str:
    """What is said on the pages, each opened in one session; a traceback on one is a defect."""
    from streamlit.testing.v1 import AppTest

    from tests.app_pages import PROJECT, place_of, words

    at = AppTest.from_file(str(PROJECT / "app" / "main.py"), default_timeout=60)
    at.run()
    said = []
    for page, address in pages:
        for key in list(at.query_params):
            del at.query_params[key]
        file, more = place_of(page)
        for key, value in {**address, **more}.items():
            at.query_params[key] = value
        at.switch_page(file).run()
        assert not at.exception, f"{page} {address}: {at.exception[0].message} {at.exception[0].stack_trace[-3:]}"
        assert at.title, f"{page} {address}: no title"
        said.append(words(at))
    return " ".join(said)


def command_says(*arguments: str) -> str:
    """What a command prints, refused or not; its JSON is whole either way."""
    err, stdout = io.StringIO(), os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            with contextlib.redirect_stderr(err):
                cli.main([*arguments, "--json"])
        finally:
            os.dup2(stdout, 1)
            os.close(stdout)
        file.seek(0)
        out = file.read().decode()
    json.loads(out)
    assert "Traceback" not in err.getvalue()
    return out + err.getvalue()


def _asked(kind: str, home: Path) -> str:
    """What the commands say; only those that read this kind of file."""
    said = command_says("runs", "list") + command_says("models", "list") + command_says("data", "list")
    runs = {run["run"] for run in json.loads(command_says("runs", "list"))["runs"]}
    assert {RUN, EVALUATION} <= runs, "a run is no longer listed"
    assert EVALUATION in command_says("runs", "show", EVALUATION)
    said += command_says("runs", "show", RUN)
    if kind in ("config", "split", "predictions"):
        said += command_says("evaluate", RUN)
    if kind in ("weights", "model"):
        image = home.parent / "image.jpg"
        shutil.copy(next((home / "datasets" / "other" / "images").iterdir()), image)
        said += command_says("predict", "--model", MODEL, str(image))
    if kind == "checkpoint":
        said += _checkpoint_says(home)
    return said


def _checkpoint_says(home: Path) -> str:
    from pipeline.errors import TrainingError
    from pipeline.runs.run_dir import RunDir
    from pipeline.training.checkpoints import read_checkpoint

    with contextlib.suppress(TrainingError):
        read_checkpoint(RunDir(home / "runs" / "tiny-quick-1"))
    return ""


def _handed_over(kind: str, way: str, damage: Callable[[Path], None]) -> Callable[[Path], None]:
    def hand_over(folder: Path) -> None:
        home = folder / "home"
        old_home.make(home)
        bundled = kind in _BUNDLED
        os.environ["LESIONLAB_BUNDLED"] = str(folder / "bundled")
        if bundled:
            shutil.copytree(_ASSETS, folder / "bundled", ignore=shutil.ignore_patterns("folds"))
        pattern = {**_JSON_FILES, **_TABLES, **_OTHERS, **_BUNDLED}[kind]
        path = _file(folder / "bundled" if bundled else home, pattern)
        if kind == "verdicts":
            path.write_text("image_a,image_b,verdict\nIMG_0001,IMG_0002,same\n")
        damage(path)
        pages = pages_say(_BUNDLED_PAGES if bundled else _PAGES)
        assert str(folder) not in pages, "a folder of the server is named"
        said = pages + _asked(kind, home)
        assert "../../../x" not in said and "@here@" not in said and "x" * 500 not in said, "the file is quoted"
        if kind in _SAID and way in (_CERTAIN if kind not in _LENIENT else PLACES):
            assert path.name in said, "nobody says which file is damaged"

    return hand_over


def _bytes_damage(change: Callable[[bytes, random.Random], bytes], seed: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_bytes(change(path.read_bytes(), random.Random(seed)))

    return damage


def _ways(kind: str) -> dict[str, Callable[[Path], None]]:
    tables = kind in _TABLES or _BUNDLED.get(kind, "").endswith(".parquet")
    jsons = kind in _JSON_FILES or _BUNDLED.get(kind, "").endswith(".json")
    changes = {**BYTES, **(TABLES if tables else {}), **(JSON if jsons else {}), **_OWN.get(kind, {})}
    return {**{way: _bytes_damage(change, f"{kind} {way}") for way, change in changes.items()}, **PLACES}


def _lines(line: bytes) -> Callable[[bytes, random.Random], bytes]:
    return lambda content, rng: content + line + b"\n"


def _arrays(**arrays) -> Callable[[bytes, random.Random], bytes]:
    def change(content: bytes, rng: random.Random) -> bytes:
        import numpy as np

        file = io.BytesIO()
        np.savez_compressed(file, **{name: make(np) for name, make in arrays.items()})
        return file.getvalue()

    return change


def _claims(content: bytes, rng: random.Random) -> bytes:
    """An array whose header claims a terabyte."""
    import zipfile

    import numpy as np

    file, header = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 400, 400)})
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("image_id", "predicted", "truth"):
            archive.writestr(f"{name}.npy", header.getvalue() + bytes(64))
    return file.getvalue()


def _header(change: Callable[[dict], None]) -> Callable[[bytes, random.Random], bytes]:
    def damaged(content: bytes, rng: random.Random) -> bytes:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        change(header)
        text = json.dumps(header).encode()
        return len(text).to_bytes(8, "little") + text + content[8 + length :]

    return damaged


def _first_tensor(**fields) -> Callable[[dict], None]:
    return lambda header: next(about for name, about in header.items() if name != "__metadata__").update(fields)


_EVENTS = {
    "a-number": _lines(b"5"), "a-list": _lines(b"[]"), "a-batch-without-loss": _lines(b'{"kind": "batch", "at": 1}'),
    "a-loss-of-1e300": _lines(b'{"kind": "batch", "stage": 1, "epoch": 1, "step": 1, "loss": 1e300, "lr": 1}'),
    "deep": _lines(b"[" * 500_000), "an-endless-number": _lines(b'{"kind": "note", "at": ' + b"9" * 5000 + b"}"),
    "a-kind-of-a-list": _lines(b'{"kind": []}'), "half-a-surrogate": _lines(b'{"kind": "note", "words": "\\ud800"}'),
    "a-rate-of-nothing": _lines(b'{"kind": "rate", "step": 1}'),
}
_OWN: dict[str, dict[str, Callable[[bytes, random.Random], bytes]]] = {
    "events": _EVENTS, "search-events": {key: _EVENTS[key] for key in ("a-rate-of-nothing", "a-number", "deep")},
    "heatmaps": {
        "claims": _claims, "pickled": _arrays(image_id=lambda np: np.array([{}], dtype=object)),
        "of-others": _arrays(image_id=lambda np: np.array(["a"]), predicted=lambda np: np.zeros((2, 3, 4)),
                             truth=lambda np: np.zeros((2, 3, 4))),
        "no-numbers": _arrays(image_id=lambda np: np.array(["a"]), predicted=lambda np: np.full((1, 3, 4), np.nan),
                              truth=lambda np: np.zeros((1, 3, 4))),
        "unpacks": _arrays(image_id=lambda np: np.array(["a"]), predicted=lambda np: np.zeros((5000, 100, 200)),
                           truth=lambda np: np.zeros((5000, 100, 200))),
    },
    "weights": {
        "claims": _header(_first_tensor(shape=[10**9, 10**9])), "of-texts": _header(_first_tensor(dtype="TEXT")),
        "places": _header(_first_tensor(data_offsets=[10**12, 10**13])), "no-tensors": _header(dict.clear),
    },
    "card": {"controls": lambda content, rng: b"# A card \x1b[2J\x00 \x07", "no-text": lambda content, rng: b"\xff\xfe",
             "long": lambda content, rng: b"a" * 5_000_000},
    "verdicts": {"other-columns": lambda content, rng: b"a,b\n1,2\n", "no-verdict": lambda content, rng:
                 b"image_a,image_b,verdict\nIMG_0001,IMG_0002,perhaps\nIMG_0003,,same\n"},
    "cache": {"shapes": lambda content, rng: json.dumps(
        {**json.loads(content), "shapes": [[10**5, 10**5, 10**6]]}).encode()},
}
_MOST_WAYS = 6  # of one file


def cases() -> Iterator[Case]:
    """For each file some of the ways in which it can be damaged, drawn by its name; its own ways always."""
    for kind in (*_JSON_FILES, *_TABLES, *_OTHERS, *_BUNDLED):
        ways, own = _ways(kind), _OWN.get(kind, {})
        drawn = random.Random(kind).sample(sorted(ways), min(len(ways), _MOST_WAYS if kind not in _BUNDLED else 3))
        for way in sorted({*drawn, *own, *(("repeated",) if kind in _TABLES else ())}):
            yield Case(f"{kind}-{way}", _handed_over(kind, way, ways[way]), fast=way in _FAST and kind in _SAID
                       and random.Random(f"{kind} {way}").random() < 0.25)
