"""A handful of judged lesions for somebody's first look: of several diagnoses, some of them wrong answers of the model.
"""

import numpy as np
import pandas as pd

NUMBER = 8
# a diagnosis and whether the model is right about it; melanoma and nevus stand for both, because they are confused
_WANTED = (
    ("mel", True), ("mel", False), ("nv", True), ("nv", False), ("bkl", False), ("bcc", True), ("akiec", True),
    ("vasc", True),
)
_DOUBTFUL = 0.95  # the highest losses collect wrong labels


def chosen_lesions(judged: pd.DataFrame, seed: int, number: int = NUMBER) -> list[str]:
    """Up to `number` image ids, one image a lesion, in an order that tells nothing; chosen on purpose, no sample.

    An image whose loss is among the highest 5 % is not chosen. Where there is none of a wanted kind, any other lesion
    takes its place.

    Args:
        judged: image_id, lesion_id, truth, predicted and loss of held-out images.
        seed: another one chooses others, as far as there are any.
    """
    random = np.random.default_rng(seed)
    usual = judged[judged["loss"] <= judged["loss"].quantile(_DOUBTFUL)]
    waiting = usual.iloc[random.permutation(len(usual))].drop_duplicates("lesion_id")
    right = waiting["truth"].astype(str) == waiting["predicted"].astype(str)
    chosen: list[str] = []
    for truth, wanted in _WANTED:
        of_kind = waiting[(waiting["truth"] == truth) & (right == wanted)]
        chosen += list(of_kind["image_id"].head(1))
    rest = waiting[~waiting["image_id"].isin(chosen)]
    chosen = [*chosen, *rest["image_id"]][:number]
    return [chosen[place] for place in random.permutation(len(chosen))]
