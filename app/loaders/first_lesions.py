"""The eight lesions of Home's wall, real ones where a data set is here, else drawings; and what was answered."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from app.loaders import case_tables, resources
from app.loaders.examples import drawn, examples
from app.loaders.file_cache import kept
from app.loaders.image_pixels import digest_of, untouched, with_regions
from app.loaders.run_data import found_data, found_files, images_of
from pipeline.configuration.config import RunConfig
from pipeline.data.tables import recorded
from pipeline.explain.drawn_lesions import FOLDER, Drawing, read_drawings
from pipeline.metrics.chosen_lesions import chosen_lesions
from pipeline.metrics.predictions_table import classes_of, probability_column
from pipeline.models.model_info import ModelInfo, bundled_model
from pipeline.networks.overlay import overlay
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import read_remarks, taught_data


class Answer(NamedTuple):
    """What was answered to one lesion.

    Attributes:
        probabilities: by diagnosis.
        regions: (h, w) positive evidence for the predicted diagnosis; None where none is known.
        picture: its file.
        how: by whose input it was seen; None: all of it was.
    """

    probabilities: dict[str, float]
    regions: np.ndarray | None
    picture: Path
    how: ModelInfo | RunConfig | None

    def with_regions(self, strength: float) -> np.ndarray:
        """The picture with the regions over it, uint8 (H, W, 3); `strength` 0..1."""
        assert self.regions is not None, "asked only where some are known"
        pixels = untouched(self.picture)
        return (overlay(pixels, self.regions, strength) if self.how is None
                else with_regions(pixels, self.regions, self.how, strength))


class FirstLesion(NamedTuple):
    """One lesion of the wall; what the data set does not record is None.

    Attributes:
        origin: how the reference diagnosis was made, as `dx_type` has it; None for a drawing.
        answer: asks for the answer, which may take a second.
    """

    image_id: str
    path: Path
    truth: str
    origin: str | None
    age: float | None
    sex: str | None
    localization: str | None
    answer: Callable[[], Answer]


class FirstLesions(NamedTuple):
    """A wall.

    Attributes:
        lesions: by image_id, in the order of the wall.
        generated: whether they are drawings.
        answered_by: who answers, a noun phrase that says what it has not seen.
        run: whose cases they are; None where no run judged them.
        model: whose notice stands beside each answer; None for the drawings that ship.
        others: whether another draw shows others.
        licence: of the images, with whom they are attributed to; "" of the drawings that ship.
    """

    lesions: dict[str, FirstLesion]
    generated: bool
    answered_by: str
    run: RunDir | None
    model: ModelInfo | None
    others: bool
    licence: str = ""


def first_lesions(draw: int) -> FirstLesions:
    """Lesions that a run held out, of real images if there is one; else those of a data set that the model in the box
    has not seen; else the drawings that ship.

    Args:
        draw: 0 or more: which eight, where there are more.

    Raises:
        WorkspaceError: a file is damaged.
    """
    run = _judging_run()
    if run is not None:
        return _of_run(run, draw)
    return _of_model(draw) or drawn_lesions()


def _judging_run() -> RunDir | None:
    """The bundled run where its images are here, else the newest run that judged real ones that are here."""
    bundled_first = sorted(resources.runs(), key=lambda run: not run.capabilities().has_folds)
    for run in bundled_first:
        if not run.predictions_path.exists():
            continue
        found = found_data(run)
        if found.dataset is not None and not found.dataset.generated:
            return run
    return None


@kept(lambda run, draw, doubtful: [run.predictions_path, *found_files(run)], entries=16, copied=True)
def _chosen(run: RunDir, draw: int, doubtful: str) -> list[str]:
    cases, table = case_tables.cases(run), images_of(run, found_data(run))
    assert table is not None, "a run whose images are here"
    here = cases[cases.index.isin(table.index) & ~cases.index.isin(doubtful.split("\n"))]
    return chosen_lesions(here.reset_index(drop=True).assign(image_id=here.index), draw)


def _of_run(run: RunDir, draw: int) -> FirstLesions:
    found, remarks = found_data(run), read_remarks(resources.workspace(), taught_data(run))
    table = images_of(run, found)
    assert found.dataset is not None and table is not None, "a run whose images are here"
    doubtful = "\n".join(sorted(image_id for image_id, remark in remarks.items() if remark.doubtful))
    paths = {image_id: found.dataset.image_path(table.at[image_id, "file"])
             for image_id in _chosen(run, draw, doubtful)}
    lesions = {
        image_id: _lesion(table.loc[image_id], path, partial(_stored_answer, run, image_id, path))
        for image_id, path in paths.items()
    }
    can = run.capabilities()
    who = "The one of five networks that had not seen this lesion" if can.has_folds else (
        f"The model of {case_tables.name_of(run)}, which had not seen this lesion,")
    return FirstLesions(lesions, False, who, run, bundled_model() if can.has_folds else _model(run), True,
                        found.dataset.rights)


def _model(run: RunDir) -> ModelInfo | None:
    return next((info for info in resources.models() if info.run == run.name), None)


def _stored_answer(run: RunDir, image_id: str, path: Path) -> Answer:
    cases, config, stored = case_tables.cases(run), run.config(), resources.heatmaps(run)
    row = cases.loc[image_id]
    regions = None
    if stored is not None and image_id in stored.row:
        regions = stored.predicted[stored.row[image_id]].astype(np.float32)
    return Answer({code: float(row[probability_column(code)]) for code in classes_of(cases)}, regions, path, config)


def _of_model(draw: int) -> FirstLesions | None:
    info = bundled_model()
    if info is None:
        return None
    offers = [offer for offer in examples(info).offers if not offer.dataset.generated]
    if not offers:
        return None
    dataset, images = offers[0].dataset, drawn(offers[0].images, draw)
    paths = {row["image_id"]: dataset.image_path(row["file"]) for _, row in images.iterrows()}
    lesions = {
        row["image_id"]: _lesion(row, paths[row["image_id"]], partial(_asked, info, paths[row["image_id"]]))
        for _, row in images.iterrows()
    }
    return FirstLesions(lesions, False, "The model in the box, which was not trained on this image,", None, info, True,
                        dataset.rights)


def _asked(info: ModelInfo, path: Path) -> Answer:
    pixels = untouched(path)
    output = resources.output(info, pixels, digest_of(pixels), name=path.stem)
    probabilities = dict(zip(info.classes, map(float, output.probabilities), strict=True))
    predicted = max(probabilities, key=probabilities.__getitem__)
    regions = resources.explanation(info, output, digest_of(pixels), predicted, output.network)
    return Answer(probabilities, regions, path, info)


def drawn_lesions() -> FirstLesions:
    """The drawings that ship."""
    stored = read_drawings()

    lesions = {
        one.image_id: FirstLesion(one.image_id, FOLDER / one.file, one.drawn_as, None, one.age, recorded(one.sex),
                                  recorded(one.localization), partial(_drawn_answer, one))
        for one in stored.drawings
    }
    who = f"{stored.answered_by[0].upper()}{stored.answered_by[1:]}"
    return FirstLesions(lesions, True, who, None, None, False)


def _drawn_answer(one: Drawing) -> Answer:
    return Answer(one.probabilities, np.array(one.heatmap, dtype=np.float32), FOLDER / one.file, None)


def _lesion(row: pd.Series, path: Path, answer: Callable[[], Answer]) -> FirstLesion:
    age = row.get("age")
    return FirstLesion(
        str(row["image_id"]), path, str(row["dx"]), recorded(row.get("dx_type")),
        None if age is None or pd.isna(age) else float(age), recorded(row.get("sex")),
        recorded(row.get("localization")), answer,
    )

