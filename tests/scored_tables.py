"""Tables of predictions whose lesions, truths and probabilities are drawn at random, for tests of the evaluation."""

import numpy as np
import pandas as pd

CODES = ("akiec", "bcc", "mel", "nv")


def scored_table(lesions: int, seed: int = 0, codes=CODES, skill: float = 1.5, shares=None) -> pd.DataFrame:
    """One to three images a lesion; the lesion's images share part of what is drawn for them, as real ones do."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(codes), lesions, p=shares)
    images = rng.integers(1, 4, lesions)
    lesion = np.repeat(np.arange(lesions), images)
    common = rng.normal(0, 1, (lesions, len(codes)))[lesion]
    logits = common + rng.normal(0, 0.7, (len(lesion), len(codes)))
    logits[np.arange(len(lesion)), truth[lesion]] += skill
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return table_of(probabilities, np.array(codes)[truth[lesion]], lesion, codes)


def table_of(probabilities: np.ndarray, truth, lesion, codes=CODES) -> pd.DataFrame:
    """A table of predictions with these probabilities (images, codes), truths and lesions."""
    rows = np.arange(len(lesion))
    of_truth = probabilities[rows, [codes.index(code) for code in truth]]
    return pd.DataFrame({
        "image_id": [f"i{n}" for n in rows], "lesion_id": [f"L{n}" for n in lesion], "truth": truth,
        "predicted": np.array(codes, dtype=object)[probabilities.argmax(axis=1)],
        **{f"p_{code}": probabilities[:, i] for i, code in enumerate(codes)},
        "loss": -np.log(np.maximum(of_truth, 1e-30)),
    })
