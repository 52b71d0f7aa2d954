"""One averaged prediction a lesion, so that each lesion counts once."""

import numpy as np
import pandas as pd

from pipeline.metrics.held_out import classes_of, probabilities_of


def lesion_means(predictions: pd.DataFrame) -> pd.DataFrame:
    """A row a lesion: lesion_id, truth, images, predicted (the highest of its means), and p_<code>, the mean over its
    images.

    Raises:
        DataError: columns are missing.
    """
    classes = classes_of(predictions)
    lesion, names = pd.factorize(predictions["lesion_id"])
    images = np.bincount(lesion, minlength=len(names))
    shares = probabilities_of(predictions, classes)
    sums = np.column_stack([np.bincount(lesion, weights=column, minlength=len(names)) for column in shares.T])
    means = sums / images[:, None]
    first = np.unique(lesion, return_index=True)[1]
    answers = means.argmax(axis=1) if len(names) else np.empty(0, dtype=int)
    return pd.DataFrame({
        "lesion_id": np.asarray(names, dtype=object), "truth": predictions["truth"].to_numpy(dtype=object)[first],
        "images": images, "predicted": np.array(classes, dtype=object)[answers],
        **{f"p_{code}": means[:, i] for i, code in enumerate(classes)},
    })
