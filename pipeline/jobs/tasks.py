"""The table of long work: what each kind runs, what it needs to know, what it says, and how it ends.

A task works in a folder, its job, with a status that everybody can watch. `pipeline.jobs.job_worker` calls it, in this
process or in one of its own: `python -m pipeline work KIND FOLDER`. All that it needs to know lies checked in that
folder: the configuration of a run, the request of short work. Each function loads its libraries itself.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.configuration.config import RunConfig
from pipeline.export.formats import Format
from pipeline.files.bounds import Count, FileName, Text
from pipeline.files.records import read_record
from pipeline.files.workspace import Workspace
from pipeline.jobs.job_dirs import AuditJob, EmbeddingJob, Fetch, Kind, ShortJob
from pipeline.networks.device import Device
from pipeline.runs.job_dir import JobDir
from pipeline.runs.reporter import Reporter
from pipeline.runs.run_dir import RunDir


@dataclass(frozen=True)
class AtWork:
    """What a task is called with.

    Attributes:
        device: which it holds; None for a task that holds none.
        request: of short work, a record of `Task.request`; else None.
    """

    job: Any  # the JobDir that `Task.open` gives
    workspace: Workspace
    reporter: Reporter
    device: Device | None
    request: Any


@dataclass(frozen=True)
class Task:
    """A kind of long work.

    Attributes:
        run: does it; what short work gives is its answer, as JSON can hold it.
        loading: what it says while its libraries load.
        open: gives the job at a folder.
        request: the record in which short work is told what to do. Such work ends with the process that started it,
            any other outlives that.
        broke_off: what to say where short work ended without a sentence: the problem, and the next step.
        holds_device: it waits for its turn at the node's device, and others wait for it.
        resumable: what was broken off can go on from where it was.
        niceness: steps by which it gives way to other processes.
        breaks_off: a stop breaks into it at once, also where it waits for a silent server.
        stopped: what it says once it was stopped.
        tidy: takes away, once it is done, what it would have gone on from.
    """

    run: Callable[[AtWork], Any]
    loading: str
    open: Callable[[Path], JobDir] = RunDir
    request: type | None = None
    broke_off: tuple[str, str] = ("", "")
    holds_device: bool = False
    resumable: bool = False
    niceness: int = 0
    breaks_off: bool = False
    stopped: str = "Stopped on request."
    tidy: Callable[[Any], None] = lambda job: None


def _train(at: AtWork) -> None:
    from pipeline.training.train_run import train_run

    train_run(at.job, at.workspace, at.reporter, at.device)


def _search(at: AtWork) -> None:
    from pipeline.training.lr_finder import find_rates

    find_rates(at.job, at.workspace, at.reporter, at.device)


def _evaluate(at: AtWork) -> None:
    from pipeline.inference.predict_data_set import predict_data_set

    predict_data_set(at.job, at.workspace, at.reporter, at.device)


def _forget_beginnings(run: RunDir) -> None:
    for path in (run.resume_path, run.start_weights, run.batch_path):
        path.unlink(missing_ok=True)


def _forget_judged(run: RunDir) -> None:
    shutil.rmtree(run.judged_path, ignore_errors=True)


def _embed(at: AtWork) -> None:
    from pipeline.explain.embed_run import embed_run

    at.reporter.set(device="the processor")
    embed_run(at.job.run, at.workspace, at.reporter)


def _audit(at: AtWork) -> None:
    from pipeline.audit.findings import audit_dataset
    from pipeline.data.dataset import load_dataset

    audit_dataset(at.workspace, load_dataset(at.workspace, at.job.data), at.reporter.whole)


def _fetch(at: AtWork) -> None:
    if at.job.source.by_image:
        from pipeline.classroom.lesson_pack import fetch_pack as fetch
    else:
        from pipeline.data.sources.fetch import fetch

    dataset = fetch(at.workspace, at.job.source, at.job.name, at.reporter.whole)
    at.reporter.set(notes=tuple(dataset.notes))


@dataclass(frozen=True)
class DrawRequest:
    """The generated set, where the workspace lacks it."""


def _draw(at: AtWork) -> dict[str, Any]:
    """The name of the data set; while it is drawn its pictures lie in the job's folder."""
    from pipeline.data.embedded import ensure_generated

    return {"data": ensure_generated(at.workspace, at.reporter.whole, at.job.drawn_path).name}


@dataclass(frozen=True)
class EstimateRequest:
    """How long a run of that configuration would take."""

    config: RunConfig


def _estimate(at: AtWork) -> dict[str, Any]:
    """An `Estimate`, and `beside`: the names of the runs that were at work."""
    from pipeline.data.dataset import load_dataset
    from pipeline.files.locks import file_lock
    from pipeline.networks.device import describe
    from pipeline.runs.run_dir import readable_runs

    say, config = at.reporter.whole, at.request.config
    # two measurements at once would measure each other
    with file_lock(at.workspace.locks / "estimate.lock", say, "Waits for another estimate."):
        beside = [run.name for run in readable_runs(at.workspace) if run.status().state == "running"]
        say(0.0, "Loads fastai and the network.")
        from pipeline.training.estimate import estimate_run

        found = estimate_run(load_dataset(at.workspace, config.data), config, describe(), say)
    return {**found.to_json(), "beside": beside}


@dataclass(frozen=True)
class PreviewRequest:
    """A batch of that configuration; another `draw` shows other images."""

    config: RunConfig
    draw: Count = 0


def _preview(at: AtWork) -> dict[str, Any]:
    """A `Preview`, pictures as base64 of JPEG files."""
    from pipeline.data.dataset import load_dataset

    at.reporter.whole(0.1, "Loads fastai.")
    from pipeline.training.preview import preview_batch

    config = at.request.config
    return preview_batch(load_dataset(at.workspace, config.data), config, at.request.draw, at.reporter.whole).to_json()


@dataclass(frozen=True)
class EvidenceRequest:
    """How much of that run's evidence lies inside the lesions that are masked in that data set."""

    run: Text
    data: Text


def _measure_evidence(at: AtWork) -> dict[str, Any]:
    """The number of images; their table is stored with the run."""
    from pipeline.data.dataset import load_dataset
    from pipeline.evaluation.evidence_store import keep_evidence
    from pipeline.runs.run_dir import find_run

    run = find_run(at.workspace, at.request.run)
    table = keep_evidence(run, load_dataset(at.workspace, at.request.data), at.reporter.whole)
    return {"images": 0 if table is None else len(table)}


@dataclass(frozen=True)
class ExportRequest:
    """That model as the file of that name in the job's folder."""

    model: Text
    format: Format
    file: FileName


def _export(at: AtWork) -> None:
    from pipeline.export.formats import export_model
    from pipeline.models.model_info import find_model

    asked = at.request
    info = find_model(at.workspace, asked.model)
    export_model(at.workspace, info, asked.format, at.job.folder / asked.file, at.reporter.whole)


@dataclass(frozen=True)
class BundleRequest:
    """The bundle at `path`, which may lie in the job's folder, as a model of that name, by default the one that it had.
    """

    path: Text
    name: Text | None = None


def _import_bundle(at: AtWork) -> dict[str, Any]:
    """The name of the new model."""
    from pipeline.export.bundle_import import import_bundle

    path = at.job.folder / at.request.path  # an absolute one stays as it is
    return {"model": import_bundle(at.workspace, path, at.request.name, at.reporter.whole).name}


_NETWORK, _FASTAI = "Loads the network.", "Loads fastai and the network."

TASKS: dict[Kind, Task] = {
    "training": Task(_train, _FASTAI, holds_device=True, resumable=True, tidy=_forget_beginnings),
    "search": Task(_search, _FASTAI, holds_device=True, tidy=_forget_beginnings),
    "evaluation": Task(_evaluate, _NETWORK, holds_device=True, resumable=True, tidy=_forget_judged),
    "embedding": Task(_embed, _NETWORK, EmbeddingJob, niceness=10),
    "audit": Task(_audit, _NETWORK, AuditJob),
    "fetch": Task(_fetch, "Connects.", Fetch, breaks_off=True, stopped=Fetch.stopped),
    "drawing": Task(
        _draw, "Plans the drawings.", request=DrawRequest,
        broke_off=("The images could not be drawn", "Try it again."),
    ),
    "estimate": Task(
        _estimate, "Reads the data set.", request=EstimateRequest,
        broke_off=("The time could not be estimated", "The run itself can be started all the same."),
    ),
    "preview": Task(
        _preview, "Reads the data set.", request=PreviewRequest,
        broke_off=("The batch could not be shown", "Try it again."),
    ),
    "evidence": Task(
        _measure_evidence, "Reads the masks.", request=EvidenceRequest,
        broke_off=("The masks could not be laid over the heatmaps", "Open this page again."),
    ),
    "export": Task(
        _export, _NETWORK, request=ExportRequest, broke_off=("The file could not be made", "Try it again."),
    ),
    "bundle": Task(
        _import_bundle, "Reads the bundle.", request=BundleRequest,
        broke_off=("The bundle could not be brought in", "Try it again."),
    ),
}


def open_job(kind: Kind, folder: Path) -> JobDir:
    """The job of that kind at `folder`."""
    return TASKS[kind].open(folder) if TASKS[kind].request is None else ShortJob(folder, kind)


def read_request(job: JobDir, task: Task) -> Any:
    """What short work is to do, checked; None for other work.

    Raises:
        MissingFileError, WorkspaceError: there is none, or it is damaged.
    """
    return None if task.request is None else read_record(job.request_path, task.request)
