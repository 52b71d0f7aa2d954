"""How much of the positive evidence of a Grad-CAM heatmap lies inside the lesion: context or shortcut?

A heatmap's values are summed over the lesion's mask, brought to the heatmap's grid by area; the share of the area that
the mask takes is what evidence spread without regard to the lesion would give. Tschandl et al. 2020 (Nat Med 26:1229)
found more activation outside the lesion for akiec than for the rest, and took it for meaningful: sun-damaged skin.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from pipeline.data.copying import THRESHOLD
from pipeline.data.dataset import Dataset
from pipeline.data.prepare import seen_box
from pipeline.errors import ImageError
from pipeline.images.reading import open_image
from pipeline.metrics.samples import LesionDraws, bounds
from pipeline.progress import Progress, silent
from pipeline.runs.run_dir import RunDir
from pipeline.runs.run_tables import read_heatmaps
from pipeline.vocabulary import HeatmapOf, View

KINDS = ("measured", "outside-predicted", "outside-truth", "none-predicted", "none-truth")
FEWEST = 8  # images of a diagnosis below which no quartiles are given, and so no outliers
_LEAST = 0.01  # a share inside below that counts as that: its logarithm would be anything
_FENCE = 1.5  # interquartile ranges (Tukey 1977)


def _overlaps(length: int, first: float, last: float, cells: int) -> np.ndarray:
    """(cells, length): the share of each of `cells` equal stretches of [first, last] that each unit of a line takes."""
    edges = np.linspace(first, last, cells + 1)
    units = np.arange(length)
    ends = np.minimum(edges[1:, None], units + 1) - np.maximum(edges[:-1, None], units)
    return np.maximum(ends, 0) / ((last - first) / cells)


def mask_on_grid(
    mask: Image.Image, height: int, width: int, resize: str, grid: tuple[int, int], view: View = "whole"
) -> np.ndarray:
    """The share of each heatmap cell that the lesion takes.

    Args:
        mask: of the image as it lies on disk, in any size, grey; at least THRESHOLD is lesion.
        height, width, resize, view: the network's input, as `prepare_image` takes them.
        grid: (h, w) of the heatmap, whose cells lie evenly over the input.

    Returns:
        (h, w) float64 in 0..1.
    """
    lesion = (np.asarray(mask.convert("L")) >= THRESHOLD).astype(np.float64)
    lines, columns = lesion.shape
    left, top, right, bottom = seen_box(mask.size, height, width, resize, view)
    down, across = _overlaps(lines, top, bottom, grid[0]), _overlaps(columns, left, right, grid[1])
    return down @ lesion @ across.T


def share_inside(heatmaps: np.ndarray, grids: np.ndarray) -> np.ndarray:
    """(N,) share 0..1 of each heatmap's positive evidence inside the lesion; NaN where there is none.

    Args:
        heatmaps: (N, h, w), at least 0.
        grids: (N, h, w) of `mask_on_grid`.
    """
    heatmaps = np.asarray(heatmaps, dtype=np.float64)
    total = heatmaps.sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, (heatmaps * grids).sum(axis=(1, 2)) / total, np.nan)


def _mask(dataset: Dataset, image_id: str) -> Image.Image | None:
    path = dataset.mask_path(image_id)
    if path is None:
        return None
    try:
        return open_image(path, path.name)
    except ImageError:  # the file is damaged: as if there were none, and counted with those
        return None


def evidence_table(
    predictions: pd.DataFrame, heatmaps: Mapping[str, np.ndarray], mask_of: Callable[[str], Image.Image | None],
    height: int, width: int, resize: str, view: View = "whole",
) -> pd.DataFrame:
    """The evidence inside the lesion of each image that has a heatmap and a mask.

    Args:
        predictions: part, image_id, lesion_id, truth, predicted.
        heatmaps: image_id (N,), predicted and truth (N, h, w), as a run stores them.
        mask_of: the mask of an image_id, or None.
        height, width, resize, view: the network's input.

    Returns:
        part, image_id, lesion_id, truth, predicted; area: share of the input that the lesion takes; inside_predicted
        and inside_truth: share of the positive evidence for the predicted and the true diagnosis that lies inside the
        lesion, NaN where there is no positive evidence; usual_predicted and usual_truth: the share that lies inside the
        lesions of all these images on average, so what evidence in these places gives without regard to the image's
        own lesion: lesions lie in the middle. All 0..1.
    """
    row_of = {str(image_id): row for row, image_id in enumerate(heatmaps["image_id"])}
    grid = heatmaps["predicted"].shape[1:]
    kept, places, grids = [], [], []
    for number, image_id in enumerate(predictions["image_id"]):
        mask = mask_of(image_id) if image_id in row_of else None
        if mask is not None:
            kept.append(number)
            places.append(row_of[image_id])
            grids.append(mask_on_grid(mask, height, width, resize, grid, view))
    columns = ["part", "image_id", "lesion_id", "truth", "predicted"]
    table = predictions[columns].iloc[kept].reset_index(drop=True)
    stacked = np.array(grids).reshape(-1, *grid)
    average = stacked.mean(axis=0, keepdims=True) if len(stacked) else stacked
    inside = {f"inside_{of}": share_inside(heatmaps[of][places], stacked) for of in ("predicted", "truth")}
    usual = {f"usual_{of}": share_inside(heatmaps[of][places], average) for of in ("predicted", "truth")}
    return table.assign(area=stacked.mean(axis=(1, 2)), **inside, **usual)


def run_evidence(run: RunDir, dataset: Dataset, progress: Progress = silent) -> pd.DataFrame:
    """`evidence_table` of a run's held-out images; empty where it stored no heatmaps or the data set has no masks.

    Args:
        run: a RunDir.
        progress: told after each mask.

    Raises:
        RunError: the run has no predictions yet.
    """
    predictions, config = run.predictions(), run.config()
    done = 0

    def mask_of(image_id: str) -> Image.Image | None:
        nonlocal done
        done += 1
        progress(done / len(predictions), "Lays the masks over the heatmaps.")
        return _mask(dataset, image_id)

    nothing = {"image_id": np.array([], dtype=str), "predicted": np.zeros((0, 1, 1)), "truth": np.zeros((0, 1, 1))}
    heatmaps = nothing
    if run.heatmaps_path.exists():
        stored = read_heatmaps(run.heatmaps_path)
        heatmaps = {"image_id": np.array(list(stored.row)), "predicted": stored.predicted, "truth": stored.truth}
    return evidence_table(
        predictions, heatmaps, mask_of, config.height, config.width, config.resize, config.view
    )


def _mean(values: pd.Series, lesion_id: pd.Series) -> tuple[float, float, float]:
    """Mean, and its 95 % interval by a bootstrap over lesions."""
    defined = values.notna().to_numpy()
    values, lesions = values[defined], lesion_id[defined]
    if values.empty:
        return np.nan, np.nan, np.nan
    sums = LesionDraws(lesions).sums(np.column_stack([values, np.ones(len(values))]))
    low, high = bounds(sums[:, 0] / sums[:, 1]) if lesions.nunique() > 1 else (np.nan, np.nan)
    return float(values.mean()), low, high


def by_diagnosis(evidence: pd.DataFrame, of: HeatmapOf) -> pd.DataFrame:
    """The evidence inside the lesion for each true diagnosis, and for all (the row `all`, first).

    Returns:
        diagnosis, images, lesions, without: images without positive evidence; area: mean share of the lesion; usual:
        mean share of the evidence inside the average lesion; inside, low, high: mean share of the evidence inside the
        image's own and its 95 % interval over lesions; ratio: inside / area, 1 at chance; lower, median, upper:
        quartiles of the share inside. NaN where undefined.
    """
    rows = []
    for code, part in [("all", evidence), *evidence.groupby("truth", sort=True)]:
        inside = part[f"inside_{of}"]
        mean, low, high = _mean(inside, part["lesion_id"])
        area = part.loc[inside.notna(), "area"].mean()
        quartiles = inside.quantile([0.25, 0.5, 0.75]).to_numpy() if inside.notna().sum() >= FEWEST else [np.nan] * 3
        rows.append({
            "diagnosis": code, "images": len(part), "lesions": part["lesion_id"].nunique(),
            "without": int(inside.isna().sum()), "area": area, "usual": part[f"usual_{of}"].mean(),
            "inside": mean, "low": low, "high": high, "ratio": mean / area if area else np.nan,
            **dict(zip(("lower", "median", "upper"), quartiles, strict=True)),
        })
    return pd.DataFrame(rows)


def outliers(evidence: pd.DataFrame, of: HeatmapOf) -> pd.DataFrame:
    """The images with far less evidence inside the lesion than others of their own true diagnosis, farthest first.

    Compared is the logarithm of the share inside over the lesion's share of the area, so that a small lesion is none by
    its size. Far is below the lower quartile by more than 1.5 interquartile ranges (Tukey 1977, Exploratory Data
    Analysis); diagnoses with fewer than FEWEST images have no outliers.

    Returns:
        The rows of `evidence` with `below`: how many interquartile ranges below the lower quartile.
    """
    times_chance = np.log2(evidence[f"inside_{of}"].clip(lower=_LEAST) / evidence["area"])
    groups = times_chance.groupby(evidence["truth"])
    lower, upper = groups.transform(lambda v: v.quantile(0.25)), groups.transform(lambda v: v.quantile(0.75))
    below = (lower - times_chance) / (upper - lower).where(upper > lower)
    enough = groups.transform("count") >= FEWEST
    return evidence.assign(below=below)[enough & (below > _FENCE)].sort_values("below", ascending=False)


def of_kind(evidence: pd.DataFrame, kind: str) -> pd.Series:
    """The ids of the images of one of KINDS: all that were measured, the `outliers` of evidence for one of the two
    diagnoses, or the images that have no positive evidence for it.
    """
    if kind == "measured":
        return evidence["image_id"]
    which, _, named = kind.partition("-")
    of: HeatmapOf = "predicted" if named == "predicted" else "truth"
    return (outliers(evidence, of) if which == "outside" else evidence[evidence[f"inside_{of}"].isna()])["image_id"]


def outside_against_rest(evidence: pd.DataFrame, code: str, of: HeatmapOf) -> dict[str, Any]:
    """The mean share of the evidence outside the lesion, for one true diagnosis against all others.

    Returns:
        outside, rest: the two means, 0..1; difference: the one minus the other, with low and high, its 95 % interval
        by a bootstrap over lesions; images: of the diagnosis. NaN where undefined.
    """
    defined = evidence[evidence[f"inside_{of}"].notna()]
    outside, here = 1 - defined[f"inside_{of}"].to_numpy(), (defined["truth"] == code).to_numpy()
    if not here.any() or here.all():
        nothing = dict.fromkeys(("outside", "rest", "difference", "low", "high"), np.nan)
        return {**nothing, "images": int(here.sum())}
    sums = LesionDraws(defined["lesion_id"]).sums(np.column_stack([outside * here, here, outside * ~here, ~here]))
    with np.errstate(invalid="ignore"):
        low, high = bounds(sums[:, 0] / sums[:, 1] - sums[:, 2] / sums[:, 3])
    one, rest = float(outside[here].mean()), float(outside[~here].mean())
    return {"outside": one, "rest": rest, "difference": one - rest, "low": low, "high": high, "images": int(here.sum())}
