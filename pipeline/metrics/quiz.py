"""A set of judged images to guess: chosen so that neither their number nor their order gives an answer away."""

import numpy as np
import pandas as pd


def draw_quiz(predictions: pd.DataFrame, n: int, seed: int, pair: tuple[str, str] | None = None) -> pd.DataFrame:
    """At most `n` images, one a lesion, in a mixed order that depends on the images and `seed` alone.

    Every true diagnosis gives as many images that the model got right as images that it got wrong, as far as there are
    such: of the wrong ones those with the highest losses, of the right ones any. So the set is no sample, and a share
    of right answers on it is no accuracy.

    Args:
        predictions: the rows of one part (image_id, lesion_id, truth, predicted, loss…).
        pair: only images whose truth and whose prediction are both among these two diagnoses.
    """
    pool = predictions.sort_values("image_id")
    if pair:
        pool = pool[pool["truth"].isin(pair) & pool["predicted"].isin(pair)]
    rng = np.random.default_rng(seed)
    pool = pool.iloc[rng.permutation(len(pool))]
    right = pool["truth"] == pool["predicted"]
    pool = pd.concat([pool[~right].sort_values("loss", ascending=False, kind="stable"), pool[right]])
    pool = pool.drop_duplicates("lesion_id")
    turn = pool.groupby([pool["truth"], pool["truth"] == pool["predicted"]]).cumcount()
    drawn = pool.iloc[np.argsort(turn.to_numpy(), kind="stable")[:n]]
    return drawn.iloc[rng.permutation(len(drawn))].reset_index(drop=True)
