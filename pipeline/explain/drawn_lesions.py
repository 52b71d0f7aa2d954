"""Eight drawings that ship with LesionLab, for a first look where no real image is here: what each was drawn as, what a
small network said of it that was trained on other drawings, and which regions raised its output.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Interval, Len

from pipeline.data.left_behind import temporary_folder
from pipeline.data.synthetic.generated_set import METADATA, write_generated_set
from pipeline.errors import DataError
from pipeline.files.bounds import Code, Count, FileName, Share, Text, Word
from pipeline.files.disk import replace_file, write_json
from pipeline.files.records import read_record
from pipeline.files.workspace import Workspace
from pipeline.images.reading import open_image
from pipeline.metrics.chosen_lesions import NUMBER, chosen_lesions
from pipeline.models.model_info import ModelInfo
from pipeline.progress import Progress, silent

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "drawings"
SEED = 1  # the embedded set, which the network learns from, is drawn with 0
_FILE = "drawings.json"
_DRAWN, _LEAST = 140, 8  # images drawn to choose from, and lesions of each diagnosis at least
_AGAIN = "Install LesionLab again, or draw them anew: python -m pipeline demo --drawings assets/drawings."
Cell = Annotated[float, Interval(ge=0, le=1e6)]


@dataclass(frozen=True)
class Drawing:
    """One of them.

    Attributes:
        file: its name beside the record.
        drawn_as: the diagnosis whose structures it was drawn with.
        age: in years; None where the case has none.
        probabilities: by diagnosis.
        heatmap: rows of cells of positive evidence for the predicted diagnosis, over the whole picture.
    """

    image_id: Word
    file: FileName
    drawn_as: Code
    age: Count | None
    sex: Word
    localization: Word
    probabilities: dict[Code, Share]
    heatmap: Annotated[tuple[Annotated[tuple[Cell, ...], Len(1, 64)], ...], Len(1, 64)]

    @property
    def predicted(self) -> str:
        """The diagnosis with the highest probability."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass(frozen=True)
class Drawings:
    """All of them, and what answered, in a sentence."""

    answered_by: Text
    right: Count
    asked: Count
    drawings: Annotated[tuple[Drawing, ...], Len(1, 50)]


def read_drawings(folder: Path = FOLDER) -> Drawings:
    """The drawings that ship with LesionLab.

    Raises:
        WorkspaceError: they are gone or damaged.
    """
    return read_record(folder / _FILE, Drawings, _AGAIN)


def write_drawings(workspace: Workspace, info: ModelInfo, folder: Path, progress: Progress = silent) -> Drawings:
    """Draws lesions that the model has not seen, asks it about each, and writes eight of them into `folder`.

    Args:
        info: a model that was trained on the embedded generated set.

    Raises:
        DataError: it was trained on real images.
        ModelError: its weights are missing or do not fit.
        WorkspaceError: the folder cannot be written.
        Cancelled: by `progress`.
    """
    if not info.generated:
        raise DataError(f"The model {info.name} was trained on real images.", "Name one that learnt from drawings.")
    from pipeline.inference.classifier import open_classifier

    classifier = open_classifier(workspace, info)
    with temporary_folder(workspace, ".drawing-") as drawn:
        write_generated_set(drawn, images=_DRAWN, seed=SEED, progress=progress, lesions_per_diagnosis=_LEAST)
        table = pd.read_csv(drawn / METADATA).set_index("image_id", drop=False)
        paths = {image_id: drawn / "images" / f"{image_id}.jpg" for image_id in table["image_id"]}
        prepared = [classifier.prepare(open_image(path, path.name)) for path in paths.values()]
        codes, truths = list(info.classes), table["dx"].to_numpy()
        found = classifier.predict_and_explain(prepared, np.array([codes.index(truth) for truth in truths]))
        probabilities = pd.DataFrame(found.probabilities, index=table.index, columns=codes)
        predicted = probabilities.idxmax(axis=1).to_numpy()
        of_truth = found.probabilities[np.arange(len(table)), [codes.index(truth) for truth in truths]]
        judged = table.assign(truth=truths, predicted=predicted, loss=-np.log(np.maximum(of_truth, 1e-12)))
        drawings = [
            _drawing(table.loc[image_id], probabilities.loc[image_id], found.predicted[table.index.get_loc(image_id)])
            for image_id in chosen_lesions(judged.reset_index(drop=True), SEED, NUMBER)
        ]
        for one in drawings:
            replace_file(folder / one.file, paths[one.image_id].read_bytes())
    stored = Drawings(
        f"a small network ({info.arch}, {info.width}×{info.height} pixels) that learnt from "
        f"{info.training_images:,} other drawings", int((predicted == truths).sum()), len(table), tuple(drawings),
    )
    write_json(folder / _FILE, asdict(stored))
    return stored


def _drawing(row: pd.Series, probabilities: pd.Series, heatmap: np.ndarray) -> Drawing:
    cells = tuple(tuple(round(float(cell), 4) for cell in line) for line in heatmap)
    return Drawing(
        str(row["image_id"]), f"{row['image_id']}.jpg", str(row["dx"]),
        None if pd.isna(row["age"]) else int(row["age"]), str(row["sex"]), str(row["localization"]),
        {code: round(float(share), 5) for code, share in probabilities.items()}, cells,
    )
