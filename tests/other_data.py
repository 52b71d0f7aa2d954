"""A second generated data set with diagnoses that a model of seven lacks, and a workspace with it and a trained run."""

import shutil
from pathlib import Path

import pandas as pd

from pipeline.data.importing import import_dataset
from pipeline.data.synthetic.generated_set import write_generated_set
from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import RunDir, find_run


def write_other_set(folder: Path) -> Path:
    """42 drawings whose akiec are called ak and scc by turns, as ISIC 2019 calls them."""
    write_generated_set(folder, images=42, seed=2, lesions_per_diagnosis=4)
    path = folder / "HAM10000_metadata.csv"
    table = pd.read_csv(path)
    lesions = sorted(table.loc[table["dx"] == "akiec", "lesion_id"].unique())
    table.loc[table["lesion_id"].isin(lesions), "dx"] = "scc"
    table.loc[table["lesion_id"].isin(lesions[::2]), "dx"] = "ak"
    table.to_csv(path, index=False)
    return folder


def with_other_data(trained: tuple[Workspace, RunDir], other_set: Path, workspace: Workspace):
    """`workspace` with the trained run, its data set "tiny" and the data set "other": (workspace, run)."""
    home, run = trained
    shutil.copytree(home.home, workspace.home, dirs_exist_ok=True)
    import_dataset(workspace, other_set, "other")
    return workspace, find_run(workspace, run.name)
