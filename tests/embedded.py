"""What the embedding job leaves in a run's folder, written by hand in a moment: no network."""

import numpy as np
import pandas as pd

from pipeline.explain.neighbours import nearest_lesions
from pipeline.explain.perturb import NAMED
from pipeline.files.disk import write_json
from pipeline.runs.run_dir import RunDir


def embed_by_hand(run: RunDir) -> None:
    """Random embeddings' neighbours, a map with the images in a row, and "zoom" flipping the first two lesions."""
    rng = np.random.default_rng(3)
    held_out = run.predictions().rename(columns={"truth": "dx"})
    split = run.split()
    training = split[split["part"] == "train"].reset_index(drop=True)
    nearest_lesions(held_out, rng.normal(size=(len(held_out), 6)), training, rng.normal(size=(len(training), 6))
                    ).to_parquet(run.neighbours_path, index=False)
    places = np.linspace(0, 100, len(held_out))
    pd.DataFrame({"image_id": held_out["image_id"], "x": places, "y": 50.0}).to_parquet(run.map_path, index=False)
    lesions = list(dict.fromkeys(held_out["lesion_id"]))
    nothing = {"lesions": len(lesions), "flipped": [], "low": 0.0, "high": 0.1, "lost": 0, "won": 0}
    write_json(run.what_if_path, {
        **dict.fromkeys(NAMED, nothing), "zoom": {**nothing, "flipped": lesions[:2], "high": 0.2, "lost": 2},
    })
