"""Images on which experts marked dermoscopic criteria: where there are some, a draw of them, and outlines."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from app.loaders import resources
from app.loaders.file_cache import kept
from app.loaders.image_pixels import SIDE, untouched
from pipeline.data.copying import THRESHOLD
from pipeline.data.criterion_masks import criteria_path, has_criteria, read_criteria
from pipeline.data.dataset import Dataset
from pipeline.images.outline import outlined
from pipeline.images.reading import opened
from pipeline.vocabulary import Criterion

_SMALLEST = 0.01  # of the picture: a smaller mark is hard to find on a page
_QUALITY = 88  # of a JPEG


def datasets_with_criteria() -> dict[str, Dataset]:
    """By name."""
    return {one.name: one for one in resources.datasets() if has_criteria(one)}


@kept(lambda dataset, *rest: [criteria_path(dataset)], entries=64, copied=True)
def exemplars(dataset: Dataset, criterion: Criterion, draw: int, n: int) -> list[str]:
    """The ids of `n` images on which it is marked in a place that can be seen; another draw, others.

    Raises:
        WorkspaceError: the table of criteria is damaged.
    """
    known = read_criteria(dataset)
    marked = known[(known["criterion"] == criterion) & (known["share"] >= _SMALLEST)]["image_id"].sort_values()
    turn = np.random.default_rng(0).permutation(len(marked))
    return [marked.iloc[turn[(draw * n + place) % len(marked)]] for place in range(min(n, len(marked)))]


@kept(lambda dataset, *rest: [criteria_path(dataset)], entries=64, copied=True)
def asked_about(dataset: Dataset, criterion: Criterion, n: int) -> dict[str, bool]:
    """Images to ask about, in a mixed order: as many of which it is marked on as not, and whether it is.

    Raises:
        WorkspaceError: the table of criteria is damaged.
    """
    known = read_criteria(dataset)
    known = known[(known["criterion"] == criterion) & (~known["marked"] | (known["share"] >= _SMALLEST))]
    rng = np.random.default_rng(1)
    chosen = [of.sort_values("image_id").iloc[rng.permutation(len(of))[: n // 2]]
              for _, of in known.groupby("marked")]
    rows = [(row.image_id, bool(row.marked)) for of in chosen for row in of.itertuples()]
    return dict(rows[place] for place in rng.permutation(len(rows)))


@kept(lambda path, mask: [path, mask], entries=256, copied=True)
def outlined_picture(path: Path, mask: Path) -> bytes:
    """The image with the criterion's outline, a JPEG of at most SIDE pixels.

    Raises:
        ImageError: one of the two cannot be read.
    """
    picture = Image.fromarray(untouched(path))
    picture.thumbnail((SIDE, SIDE))
    with opened(mask, mask.name) as image:
        drawn = outlined(picture, image.convert("L"), THRESHOLD)
    file = io.BytesIO()
    drawn.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
