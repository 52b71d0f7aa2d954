"""The bundled model as it was before its cross-validation's networks came along: one that was trained on all images,
and the predictions of networks that are not there. This file goes with what is still said of it.
"""

import dataclasses
import shutil

from pipeline.default_model.fold_tables import read_predictions
from pipeline.default_model.folds import Build, fold_path, out_of_fold
from pipeline.default_model.half_weights import half_weights
from pipeline.files.disk import read_json, replace_file, write_json
from pipeline.metrics.calibration import fit_table_temperature
from pipeline.models.card import CARD_FILE
from pipeline.models.model_info import read_model_info, write_model_info
from pipeline.models.notice import notice
from pipeline.models.training_images import FILE
from pipeline.runs.plan import create, plan_config
from pipeline.runs.run_dir import RunDir
from tests.two_sources import TINY

_LABEL = (
    "Five sibling networks, not the shipped one: each was trained on four fifths of the lesions and judged the images "
    "of the others."
)
_EXPLAINED = ("heatmaps_path", "neighbours_path", "map_path", "what_if_path", "changed_path")


def make_first_bundled(build: Build, folder) -> None:
    """From a build that is finished; trains the network on all images."""
    from pipeline.jobs.job_worker import work

    run = create(build.workspace, plan_config(build.workspace, build.dataset.name, "strong", [*TINY, "split=all"]))
    status = work(run, build.workspace)
    assert status.state == "done", status.error
    shutil.copytree(build.out, folder, ignore=shutil.ignore_patterns("fold*.safetensors", "fold*.npz"))
    judged = RunDir(folder / "run")
    for name in _EXPLAINED:
        getattr(judged, name).unlink()
    write_json(judged.folder / "label.json", {**read_json(judged.folder / "label.json"), "note": _LABEL})
    write_json(judged.status_path, {**read_json(judged.status_path), "notes": [_LABEL]})
    replace_file(folder / "model.safetensors", half_weights(run.model / "model.safetensors"))
    replace_file(folder / FILE, (run.model / FILE).read_bytes())
    figures = read_json(folder / "figures.json")
    table = out_of_fold([read_predictions(fold_path(folder, k))[0] for k in range(5)])
    info = dataclasses.replace(
        read_model_info(run.model, "default"), folder=folder, validation=dict(judged.results()["validation"]),
        temperature=fit_table_temperature(table), frequencies=figures["frequencies"],
        detail=build.dataset.copy_size(),
    )
    write_model_info(info)
    replace_file(folder / CARD_FILE, f"# Model card: default\n\n{notice(info)}\n".encode())
