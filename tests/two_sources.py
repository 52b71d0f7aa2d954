"""A tiny data set from two image sources, not marked as generated, and settings that train on it in a second or two."""

import pandas as pd

from pipeline.data.dataset import Dataset
from pipeline.data.importing import import_dataset
from pipeline.files.workspace import Workspace
from tests.hand_made import CODES, image_bytes

TINY = ["weights=random", "size=32x32", "batch_size=16", "epochs=0,1", "flips=yes"]
SHORT = TINY[:4]
LINEAR = [*TINY, "head=linear"]  # as the bundled model has it
LESIONS_EACH = 8


def make_dataset(workspace: Workspace, folder, name: str = "tiny") -> Dataset:
    """Eight lesions of each of the seven diagnoses, one image each, from two sources; not marked as generated."""
    folder.mkdir()
    rows = []
    for number in range(LESIONS_EACH * len(CODES)):
        code = CODES[number % len(CODES)]
        (folder / f"IMG_{number:04d}.jpg").write_bytes(image_bytes(number, generated=False))
        source = "molemax" if code == "nv" or number < 10 else "modern"
        rows.append((f"LES_{number:04d}", f"IMG_{number:04d}", code, "histo", 50, "male", "back", source))
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization", "dataset"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "HAM10000_metadata.csv", index=False)
    return import_dataset(workspace, folder, name)


def never(run):
    """A training that must not happen."""
    raise AssertionError(f"{run.name} is trained although its table is there")
