"""The lesson *The same lesson, two cameras*: lesions that two cameras photographed, among nevi from the same two.

HAM10000 has nine such lesions, all melanomas with histology, photographed with vidir_molemax and vidir_modern, and no
nevus among them. So each stands here twice, and as many pictures of different nevi from either camera keep the camera
from being a clue. Its images are chosen by their cameras; as in every lesson about the model, those of the highest
losses are left out, which are half of the melanomas in pictures of vidir_molemax.
"""

import numpy as np
import pandas as pd

from pipeline.classes import NEVUS
from pipeline.classroom.lesson import SMALL, Item, Lesson, Shortfall
from pipeline.classroom.lesson_candidates import item_of, one_a_lesion, without_doubt
from pipeline.classroom.lesson_drawing import lesson_from
from pipeline.classroom.lesson_pool import Pool
from pipeline.classroom.lesson_strata import MOLEMAX, Stratum
from pipeline.classroom.lesson_words import About
from pipeline.errors import LessonError

CAMERAS = (MOLEMAX, "vidir_modern")
PAIRS = 3  # lesions that stand twice; as many nevi from either camera


def draw_two_cameras(pool: Pool, about: About, rng: np.random.Generator, seed: int) -> Lesson:
    """The lesson in one form: in its first half each lesson in one of its pictures, in the second in the other.

    Raises:
        LessonError: no lesion here was photographed by both cameras.
    """
    fit = without_doubt(pool.images, "model")
    by_camera = {camera: one_a_lesion(fit[fit["source"] == camera]) for camera in CAMERAS}
    twice = sorted(set(by_camera[CAMERAS[0]]["group"]) & set(by_camera[CAMERAS[1]]["group"]))
    if not twice:
        raise LessonError("No lesion here was photographed by two cameras, as far as image sources are recorded.",
                          "Choose another lesson, or import HAM10000 with its image sources.")
    pairs = [twice[place] for place in rng.permutation(len(twice))][:PAIRS]
    shortfalls = [Shortfall(Stratum("mel", "two-cameras", camera).code, "A", PAIRS, len(pairs)) for camera in CAMERAS
                  if len(pairs) < PAIRS]
    halves: list[list[Item]] = [[], []]
    for place, group in enumerate(pairs):
        for half, camera in enumerate(CAMERAS if place % 2 else reversed(CAMERAS)):
            halves[half].append(_item(pool, by_camera[camera], group, camera))
    for place, camera in enumerate(CAMERAS):
        nevi = _nevi(pool, by_camera[camera], camera, twice, rng)
        if len(nevi) < PAIRS:
            shortfalls.append(Shortfall(Stratum(NEVUS, source=camera).code, "A", PAIRS, len(nevi)))
        for number, item in enumerate(nevi):
            halves[(number + place) % 2].append(item)
    items = tuple(half[place] for half in halves for place in rng.permutation(len(half)))
    return lesson_from(pool, about, "model", "diagnosis", {"A": items}, seed=seed, shortfalls=shortfalls)


def _item(pool: Pool, images: pd.DataFrame, group: str, camera: str) -> Item:
    image = images[images["group"] == group].iloc[0]
    return item_of(pool, str(image.name), Stratum(image["dx"], "two-cameras", camera).code)


def _nevi(
    pool: Pool, images: pd.DataFrame, camera: str, without: list[str], rng: np.random.Generator
) -> list[Item]:
    """Nevi of one camera by chance, those of larger pictures first."""
    nevi = images[(images["dx"] == NEVUS) & ~images["group"].isin(without)]
    mixed = nevi.iloc[rng.permutation(len(nevi))]
    large = mixed.assign(small=mixed["short_side"] < SMALL).sort_values("small", kind="stable")
    return [item_of(pool, image_id, Stratum(NEVUS, source=camera).code) for image_id in large.index[:PAIRS]]
