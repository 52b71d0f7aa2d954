"""What an educator's workspace has beside its runs: a map and look-alikes, an audit, lesion masks, a teaching set."""

from pipeline.data.dataset import load_dataset
from pipeline.data.masks import import_masks
from pipeline.evaluation.evidence_store import keep_evidence
from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import list_runs
from pipeline.runs.teaching import Remark, create_set, write_remark
from tests.app.test_leakage_page import write_audit
from tests.conftest import SHARED_DATA
from tests.embedded import embed_by_hand

_PAIRS, _SELECTED = 20, 6


def furnish(workspace: Workspace, data: str) -> None:
    """Adds it to the newest run, which is on `data`, and to that data set; by hand, so it takes a moment."""
    run, dataset = list_runs(workspace)[0], load_dataset(workspace, data)
    embed_by_hand(run)
    images = run.predictions().query("predicted != truth")["image_id"].iloc[:_SELECTED]
    create_set(workspace, "Nevi that look like melanoma", "For Thursday: why is it not one?", data, run, images)
    write_remark(workspace, data, images.iloc[0], Remark("Asymmetric in both axes, and yet benign.", True))
    # pairs of images 2 n and 100 + 2 n
    write_audit(dataset, pairs=min(_PAIRS, max((dataset.images - 101) // 2, 0)))
    if not dataset.generated:
        import_masks(workspace, SHARED_DATA / "ham10000-lesion-masks-200x150.zip", data)
    keep_evidence(run, dataset)
