"""Held-out predictions and metadata that lessons are drawn from: a generated collection of two main image sources."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.classroom.lesson_pool import Origin, Pool, make_pool
from pipeline.metrics.class_priors import class_priors
from pipeline.metrics.predictions_table import probabilities_of, with_probabilities
from pipeline.vocabulary import Decision
from tests.conftest import SHARED_DATA
from tests.scored_tables import scored_table

CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
SHARES = (0.06, 0.10, 0.16, 0.03, 0.20, 0.42, 0.03)
_RUN = Path(__file__).resolve().parents[1] / "assets" / "models" / "default" / "run"


def tables(lesions: int = 1500, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions, right for most, and metadata: a source a lesion, which leans on the diagnosis as real ones do."""
    scored = scored_table(lesions, seed, CODES, skill=2.5, shares=SHARES).assign(part="validation")
    weighed = probabilities_of(scored, CODES) * np.array(SHARES)  # to the frequencies of the data
    predictions = with_probabilities(scored, CODES, weighed / weighed.sum(axis=1, keepdims=True))
    rng = np.random.default_rng([seed, 1])  # of its own
    leans = {"akiec": (9, 1, 0, 0), "nv": (1, 2, 7, 1), "mel": (4, 5, 1, 1)}
    sources = np.array(["rosendahl", "vidir_modern", "vidir_molemax", "vienna_dias"])
    truth = predictions.drop_duplicates("lesion_id").set_index("lesion_id")["truth"]
    source = {lesion: rng.choice(sources, p=np.array(leans.get(dx, (5, 4, 1, 1))) / sum(leans.get(dx, (5, 4, 1, 1))))
              for lesion, dx in truth.items()}
    n = len(predictions)
    metadata = pd.DataFrame({
        "image_id": predictions["image_id"], "lesion_id": predictions["lesion_id"], "dx": predictions["truth"],
        "dx_type": np.where(rng.random(n) < 0.7, "histo", "follow_up"),
        "age": np.where(rng.random(n) < 0.1, np.nan, rng.integers(4, 18, n) * 5.0),
        "sex": rng.choice(["male", "female", "unknown"], n), "localization": rng.choice(["back", "face", ""], n),
        "source": predictions["lesion_id"].map(source), "width": 600, "height": rng.choice([300, 450], n),
    })
    return predictions, metadata


def origin(predictions: pd.DataFrame, **fields) -> Origin:
    whole = {"data": "drawn", "run": "drawn-quick-1", "model": "a network", "generated": False, "licence": "CC0",
             "class_priors": class_priors(predictions["truth"])}
    return Origin(**{**whole, **fields})


def drawn_pool(decision: Decision = "balanced", **reasons) -> Pool:
    """The pool of `tables`."""
    predictions, metadata = tables()
    return make_pool(origin(predictions), decision, predictions, metadata, **reasons)


def real_pool(decision: Decision = "balanced") -> Pool:
    """The pool of the bundled run with HAM10000's metadata and image sources."""
    import io
    import zipfile

    with zipfile.ZipFile(SHARED_DATA / "ham10000-200x150.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith("HAM10000_metadata.csv"))
        metadata = pd.read_csv(io.BytesIO(archive.read(name)))
    sources = pd.read_csv(SHARED_DATA / "ham10000-sources.csv").rename(columns={"dataset": "source"})
    metadata = metadata.merge(sources, on="image_id").assign(width=200, height=150)
    frequencies = json.loads((_RUN / "config.json").read_text("utf-8"))["frequencies"]
    predictions = pd.read_parquet(_RUN / "predictions.parquet")
    return make_pool(origin(predictions, data="ham10000", run="default-out-of-fold", class_priors=frequencies),
                     decision, predictions, metadata)
