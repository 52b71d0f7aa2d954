"""A workspace in which every text that somebody else can have written is the same hostile one."""

import json
from pathlib import Path

from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import LONGEST_NAME, LONGEST_NOTE, Remark, create_set, write_remark
from tests.hand_made import make_dataset, make_run


def _rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def name_everything(workspace: Workspace, place: Path, text: str) -> RunDir:
    """Gives a data set, a run with its model, a teaching set and a note this text wherever they hold one."""
    dataset = make_dataset(workspace, place)
    run = make_run(workspace, dataset)
    line = " ".join(text.split())
    _rewrite(dataset.folder / "dataset.json", licence=line, attribution=line, notes=[text, text],
             problems=[{"image_id": line, "problem": text}] * 2)
    (run.folder / "label.json").write_text(json.dumps({"name": text, "note": text}), encoding="utf-8")
    (run.model / "label.json").write_text(json.dumps({"name": text, "note": text}), encoding="utf-8")
    _rewrite(run.model / "model.json", licence=line, attribution=line)
    _rewrite(run.status_path, notes=[text], device=line, doing=text)
    images = run.predictions()["image_id"].iloc[:4]
    if line:
        create_set(workspace, line[:LONGEST_NAME], text[:LONGEST_NOTE], dataset.name, run, images)
    write_remark(workspace, dataset.name, images.iloc[0], Remark(text[:LONGEST_NOTE], True))
    return run
