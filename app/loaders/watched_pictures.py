"""The pictures of the held-out lesions that a run shows while it trains."""

from collections.abc import Sequence

from app.loaders.image_pixels import thumbnail
from app.loaders.run_data import found_data, images_of
from pipeline.errors import ImageError
from pipeline.runs.run_dir import RunDir


def watched_pictures(run: RunDir, image_ids: Sequence[str]) -> list[bytes | None]:
    """A JPEG or PNG file's bytes of each image; None of one that is gone or cannot be read."""
    found = found_data(run)
    table = images_of(run, found)
    pictures: list[bytes | None] = []
    for image_id in image_ids:
        if found.dataset is None or table is None or image_id not in table.index:
            pictures.append(None)
            continue
        row = table.loc[image_id]
        try:
            pictures.append(thumbnail(found.dataset.image_path(row["file"]), int(row["width"]), int(row["height"])))
        except ImageError:
            pictures.append(None)
    return pictures
