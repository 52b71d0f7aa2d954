"""A workspace with everything the pages read, written by hand in a second: no training, no torch.

What a process asks for again (a data set of that name, the results of a run of that config) is not computed again.
"""

import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from pipeline.configuration.config import RunConfig
from pipeline.configuration.presets import PRESETS
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.importing import import_dataset
from pipeline.data.split import make_split
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.files.workspace import Workspace
from pipeline.images.generated import exif_with_notice
from pipeline.models.model_info import ModelInfo, write_model_info
from pipeline.runs.events import EventLog
from pipeline.runs.run_dir import RunDir, create_run
from pipeline.runs.status import Status, process_identity, write_status

CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
LESIONS_EACH = 10
_kept: dict[object, dict[Path, bytes]] = {}


def image_bytes(seed: int, generated: bool, size: tuple[int, int] = (64, 48)) -> bytes:
    """A small JPEG of noise, with the generated mark or without it."""
    pixels = np.random.default_rng(seed).integers(90, 220, (size[1], size[0], 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **({"exif": exif_with_notice()} if generated else {}))
    return file.getvalue()


def _once(folder: Path, key: object, make: Callable[[], object]) -> None:
    """Lets `make` add files to `folder`; the next time in this process, adds the same ones without it."""
    if key not in _kept:
        before = set(folder.rglob("*"))
        make()
        added = [path for path in folder.rglob("*") if path.is_file() and path not in before]
        _kept[key] = {path.relative_to(folder): path.read_bytes() for path in added}
        return
    for name, content in _kept[key].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def make_dataset(workspace: Workspace, folder: Path, name: str = "generated", generated: bool = True) -> Dataset:
    """Ten lesions of each of the seven diagnoses, two images each."""
    source = folder / f"source-{name}"
    _once(source, generated, lambda: _write_source(source, generated))
    if any(workspace.create().datasets.iterdir()):  # an import says what it shares with the others
        return import_dataset(workspace, source, name)
    _once(workspace.datasets / name, (name, generated), lambda: import_dataset(workspace, source, name))
    return load_dataset(workspace, name)


def _write_source(source: Path, generated: bool) -> None:
    source.mkdir()
    rows = []
    for number in range(LESIONS_EACH * len(CODES) * 2):
        lesion = number // 2
        image_id = f"IMG_{number:04d}"
        (source / f"{image_id}.jpg").write_bytes(image_bytes(number + 1000 * generated, generated))
        rows.append((f"LES_{lesion:04d}", image_id, CODES[lesion % len(CODES)], "histo", 50, "male", "back"))
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]
    pd.DataFrame(rows, columns=columns).to_csv(source / "HAM10000_metadata.csv", index=False)


def make_masks(dataset: Dataset) -> None:
    """The same lesion mask for each image: a centred quarter of the area."""
    (dataset.folder / "masks").mkdir()
    mask = np.zeros((48, 64), dtype=np.uint8)
    mask[12:36, 16:48] = 255
    for image_id in dataset.metadata()["image_id"]:
        Image.fromarray(mask).save(dataset.folder / "masks" / f"{image_id}.png")


def make_run(workspace: Workspace, dataset: Dataset, state: str = "done", **changes) -> RunDir:
    """A run of the demo preset in `state`, with the files that such a run has."""
    config = RunConfig(**{**PRESETS["demo"].for_data(dataset.name, dataset.content_hash).__dict__, **changes})
    run = create_run(workspace, config, {})
    now = time.time()
    status = {"created": now, "started": now - 90, "device": "processor", "notes": ("Mixed precision: none.",)}
    if state == "running":
        status |= {**process_identity(), "fraction": 0.4, "seconds_left": 230.0, "doing": "Epoch 2 of 4: training."}
    elif state == "queued":
        status |= {**process_identity(), "started": None, "device": None, "doing": "Waits for the device."}
    else:
        status |= {"ended": now, "doing": "Done.", "fraction": 1.0 if state == "done" else 0.3}
    if state == "failed":
        status["error"] = "The training loss became nan in stage 1, epoch 1. Try a learning rate ten times smaller."
    write_status(run.status_path, Status(state, **status))
    if state != "queued":
        _write_events(run, config)
    if state == "done":
        _write_results(run, config, dataset)
    return run


def _write_events(run: RunDir, config: RunConfig) -> None:
    log = EventLog(run.events_path)
    overall = 0
    for stage, plan in enumerate(config.stages, start=1):
        log.write("stage", stage=stage, freeze=plan.freeze, epochs=plan.epochs, words=plan.words)
        for epoch in range(1, plan.epochs + 1):
            overall += 1
            for step in range(15):
                log.write("batch", stage=stage, epoch=epoch, step=step, loss=2 / overall + 0.1 * (step % 3), lr=1e-3,
                          momentum=0.9)
            log.write("epoch", stage=stage, epoch=epoch, overall=overall, train_loss=2 / overall,
                      valid_loss=2.1 / overall, accuracy=1 - 0.7 / overall, balanced_accuracy=1 - 0.8 / overall,
                      images_per_second=60.0, seconds=8.0)
    log.close()


def _write_results(run: RunDir, config: RunConfig, dataset: Dataset) -> None:
    _once(run.folder, config, lambda: _judge(run, config, dataset))
    split, results = run.split(), run.results()
    write_model_info(ModelInfo(
        name=run.name, folder=run.model, classes=CODES, run=run.name, data=dataset.name,
        data_hash=dataset.content_hash, generated=dataset.generated, arch=config.arch, weights=config.weights,
        width=config.width, height=config.height, resize=config.resize, normalize=config.normalize,
        loss=config.loss,
        training_images=int((split["part"] == "train").sum()),
        training_lesions=int(split.loc[split["part"] == "train", "lesion_id"].nunique()), split=config.split,
        validation=results["validation"], created=time.time(), licence=dataset.licence,
        attribution=dataset.attribution,
    ))


def _judge(run: RunDir, config: RunConfig, dataset: Dataset) -> None:
    split = make_split(dataset.metadata(), config.split, config.seed)
    split.to_parquet(run.split_path, index=False)
    held_out = split[split["part"] != "train"].reset_index(drop=True)
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1, (len(held_out), len(CODES)))
    truth = held_out["dx"].map(CODES.index).to_numpy()
    logits[np.arange(len(truth)), truth] += 1.5
    shares = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(np.float32)
    table = held_out[["part", "image_id", "lesion_id"]].assign(
        truth=held_out["dx"], predicted=np.array(CODES)[shares.argmax(1)],
        **{f"p_{code}": shares[:, i] for i, code in enumerate(CODES)},
        loss=-np.log(shares[np.arange(len(truth)), truth]),
    )
    table.to_parquet(run.predictions_path, index=False)
    maps = rng.random((2, len(table), 3, 4)).astype(np.float16)
    maps[:, table["loss"].argmax()] = 0  # the first card of the highest losses has no positive evidence
    np.savez_compressed(run.heatmaps_path, image_id=table["image_id"].to_numpy(dtype=str), predicted=maps[0],
                        truth=maps[1])
    evaluate_run(run)
