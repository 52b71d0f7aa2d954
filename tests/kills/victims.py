"""The kinds of work that are killed: how each begins, what it may change, how it goes on, and what it finds."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from pipeline.data.dataset import load_dataset
from pipeline.data.sources.catalogue import STARTER
from pipeline.files.workspace import Workspace
from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.jobs.evaluating import start_evaluation
from pipeline.jobs.fetching import start_fetch, stop_fetch
from pipeline.jobs.job_dirs import embedding_job
from pipeline.jobs.launch import (
    request_stop,
    resume_run,
    start_embedding,
    start_pipeline,
    start_run,
    start_search,
)
from pipeline.models.model_info import find_model
from pipeline.runs.plan import plan_config
from pipeline.runs.run_dir import RunDir, find_run
from pipeline.runs.searches import plan_first_search, read_found
from pipeline.runs.status import Status

MODEL = "tiny-instant-1"  # a done run of the old workspace
_SMALL = ["weights=random", "size=32x32", "batch_size=8", "keep=last"]
SHORT = [*_SMALL, "epochs=0,1"]
TRAINING = [*_SMALL, "epochs=1,2"]
FEATURES = ["size=32x32", "batch_size=16", "epochs=2", "keep=last"]


@dataclass
class Work:
    """Work on its way: its process (None: it has ended), and how its status is read and a stop is asked for; None for a
    command, which has neither.
    """

    process: psutil.Process | None
    status: Callable[[], Status] | None
    subject: Any = None
    stop: Callable[[], None] | None = None


@dataclass(frozen=True)
class Victim:
    """A kind of work in one workspace.

    Attributes:
        name: in the table.
        begin: starts it anew.
        again: goes on with it, or starts it once more, after a kill; given what `begin` gave.
        result: what it found, comparable with ==, once it is done.
        owns: the paths, below the workspace, that it may change.
        slow: most of its time goes by before the first that can be kept; what it computes once is computed anew.
        after: it is killed within a second of saying a sentence that begins so; "": at any moment.
    """

    name: str
    begin: Callable[[Workspace], Work]
    again: Callable[[Workspace, Work], Work]
    result: Callable[[Workspace, Work], Any]
    owns: Callable[[Work], list[str]]
    slow: bool = False
    after: str = ""

    @property
    def can_stop(self) -> bool:
        """Whether it hears a request to stop."""
        return self.again is not self.begin and not self.after


def _child(start: Callable[[], Any]) -> tuple[psutil.Process | None, Any]:
    """The process that `start` starts, and what it gives; the process is None where it has ended by now."""
    before = {child.pid for child in psutil.Process().children()}
    given = start()
    new = [child for child in psutil.Process().children() if child.pid not in before]
    return (new[0] if new else None), given


def on_run(start: Callable[[], RunDir | None], run: RunDir | None = None) -> Work:
    process, given = _child(start)
    run = run or given
    return Work(process, run.status, run, lambda: request_stop(run))


def _owns_run(work: Work) -> list[str]:
    return [f"{work.subject.folder.parent.name}/{work.subject.name}/"]


def figures(home: Workspace, work: Work) -> Any:
    """All that a run found, to the last digit."""
    run = work.subject
    with np.load(run.heatmaps_path, allow_pickle=False) as maps:
        heatmaps = {name: maps[name].tobytes() for name in maps.files}
    epochs = [[e[k] for k in ("stage", "epoch", "train_loss", "valid_loss", "accuracy")]
              for e in run.events() if e["kind"] == "epoch"]
    losses = [(e["stage"], e["step"], e["loss"]) for e in run.events() if e["kind"] == "batch"]
    return run.predictions().to_json(), json.dumps(run.results(), sort_keys=True), heatmaps, epochs, losses


def _training(name: str, preset: str, settings: list[str], **more: Any) -> Victim:
    return Victim(
        name, lambda home: on_run(lambda: start_run(home, plan_config(home, "tiny", preset, settings))),
        lambda home, work: on_run(lambda: resume_run(home, work.subject), work.subject), figures, _owns_run,
        **more,
    )


def _search(home: Workspace) -> Work:
    return on_run(lambda: start_search(home, plan_first_search(home, "tiny", "demo", _SMALL)))


def _evaluation(home: Workspace) -> Work:
    return on_run(lambda: start_evaluation(home, plan_evaluation(home, MODEL, "other")))


def _embedding(home: Workspace) -> Work:
    run = find_run(home, MODEL)
    process, _ = _child(lambda: start_embedding(home, run))
    return Work(process, embedding_job(run).status, run, lambda: request_stop(embedding_job(run)))


def _what_if(home: Workspace, work: Work) -> Any:
    names = ("map.parquet", "neighbours.parquet")
    return [work.subject.what_if_path.read_text(), *((work.subject.folder / n).read_bytes() for n in names)]


def _fetch(home: Workspace) -> Work:
    process, fetch = _child(lambda: start_fetch(home, STARTER, "fetched"))
    return Work(process, fetch.status, fetch, lambda: stop_fetch(fetch))


def _command(*arguments: str) -> Callable[..., Work]:
    """A command of the command line, which has no status."""

    def start(home: Workspace, *work) -> Work:
        process, _ = _child(lambda: start_pipeline(home, list(arguments), subprocess.DEVNULL, subprocess.DEVNULL))
        return Work(process, None)

    return start


def _data_hash(name: str) -> Callable[[Workspace, Work], Any]:
    return lambda home, work: (load_dataset(home, name).content_hash, len(load_dataset(home, name).metadata()))


def _digest(path: Path) -> Callable[[Workspace, Work], Any]:
    return lambda home, work: hashlib.sha256(path.read_bytes()).hexdigest()


def _audit(home: Workspace, work: Work) -> Any:
    found = json.loads((home.datasets / "tiny" / "audit.json").read_text())
    return {key: value for key, value in found.items() if key not in ("seconds", "created")}


def _weights(home: Workspace, work: Work) -> Any:
    return hashlib.sha256((find_model(home, "again").folder / "model.safetensors").read_bytes()).hexdigest()


def victims(place: Path) -> list[Victim]:
    """All of them, for the workspace `place/home`; beside it lie what is imported and where is exported to."""
    bundle, images, onnx = place / "bundle.zip", place / "images.zip", place / "out.onnx"
    export = _command("export", MODEL, "--format", "bundle", str(place / "out.zip"))
    to_onnx = _command("export", MODEL, "--format", "onnx", str(onnx))
    import_images = _command("data", "import", str(images), "--name", "imported")
    import_model = _command("models", "import", str(bundle), "--name", "again")
    audit = _command("data", "audit", "tiny")
    return [
        _training("training and resume", "demo", TRAINING),
        _training("figures and heatmaps", "demo", SHORT, after="Judges the held-out"),
        _training("features and their heads", "instant", FEATURES, slow=True),
        Victim("search", _search, lambda home, work: _search(home), lambda home, work: read_found(work.subject),
               _owns_run),
        Victim("evaluation", _evaluation, lambda home, work: on_run(
            lambda: resume_run(home, work.subject), work.subject),
            lambda home, work: (work.subject.predictions().to_json(), json.dumps(work.subject.results())), _owns_run),
        Victim("embeddings", _embedding, lambda home, work: _embedding(home), _what_if,
               lambda work: [f"runs/{MODEL}/{name}" for name in (
                   "embedding/", "embeddings.npz", "map.parquet", "neighbours.parquet", "what_if.json")]),
        Victim("fetch", _fetch, lambda home, work: _fetch(home), _data_hash("fetched"),
               lambda work: ["datasets/fetched/", "datasets/.fetched.incoming/", ".downloads/"]),
        Victim("import of images", import_images, import_images, _data_hash("imported"),
               lambda work: ["datasets/imported/", "datasets/.imported.incoming/"]),
        Victim("import of a model", import_model, import_model, _weights, lambda work: ["models/again/"]),
        Victim("export of a bundle", export, export, _digest(place / "out.zip"), lambda work: []),
        Victim("export as ONNX", to_onnx, to_onnx, lambda home, work: onnx.stat().st_size > 0, lambda work: [],
               slow=True),
        Victim("audit", audit, audit, _audit, lambda work: ["datasets/tiny/audit.json", "datasets/tiny/cache/audit/"]),
    ]
