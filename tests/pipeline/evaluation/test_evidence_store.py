"""The stored table of a run's evidence: made with the heatmaps, for one state of them and the masks, and by the page.
"""

import os
import shutil
import time

import pandas as pd
import pytest

from pipeline.data.dataset import load_dataset
from pipeline.errors import JobError
from pipeline.evaluation.evidence import run_evidence
from pipeline.evaluation.evidence_store import evidence_path, keep_evidence
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import EvidenceRequest
from pipeline.runs.run_dir import find_run
from tests.app_pages import open_page, words
from tests.hand_made import make_dataset, make_masks, make_run


@pytest.fixture
def masked(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path)
    run = make_run(workspace, dataset)
    make_masks(dataset)
    return workspace, dataset, run


def test_training_leaves_it_beside_the_heatmaps(trained, workspace):
    shutil.copytree(trained[0].home, workspace.home, dirs_exist_ok=True)  # times of files and folders too
    run, dataset = find_run(workspace, trained[1].name), load_dataset(workspace, "tiny")
    pd.testing.assert_frame_equal(pd.read_parquet(evidence_path(run, dataset)), run_evidence(run, dataset))


def test_other_masks_or_heatmaps_need_another(masked):
    _, dataset, run = masked
    before = evidence_path(run, dataset)
    assert len(keep_evidence(run, dataset)) == len(run.predictions()) and before.exists()
    (dataset.folder / "masks" / "IMG_0000.png").unlink()
    after = evidence_path(run, dataset)
    assert after != before and not after.exists()
    keep_evidence(run, dataset)
    assert after.exists() and not before.exists()  # an older state leaves nothing behind
    os.utime(run.heatmaps_path, (1, 1))
    assert evidence_path(run, dataset) not in (before, after)


def test_without_masks_or_heatmaps_there_is_nothing_to_store(masked):
    _, dataset, run = masked
    run.heatmaps_path.unlink()
    assert evidence_path(run, dataset) is None and keep_evidence(run, dataset) is None
    assert not list(run.folder.glob("evidence-*"))


def test_a_process_of_its_own_stores_it(masked):
    workspace, dataset, run = masked
    assert ShortWork(workspace, "evidence", EvidenceRequest(run.name, dataset.name)).result() == {"images": 28}
    assert evidence_path(run, dataset).exists()


def test_the_page_measures_once_and_then_reads(masked, monkeypatch):
    _, dataset, run = masked
    at = open_page("leakage", topic="evidence")
    for _ in range(240):
        if evidence_path(run, dataset).exists():
            break
        time.sleep(0.25)
    at.run()
    assert "The lesion takes 25.0 % of the area" in words(at) and not at.error
    monkeypatch.setattr("app.components.long_work.ShortWork", None)  # a second one would fail
    assert "The lesion takes 25.0 % of the area" in words(open_page("leakage", topic="evidence"))


def test_a_measurement_that_breaks_off_says_so(masked, monkeypatch):
    _, dataset, run = masked

    class Broken:
        running = False

        def __init__(self, workspace, kind, request, bring):
            assert (kind, request) == ("evidence", EvidenceRequest(run.name, dataset.name))

        def cancel(self):
            pass

        def result(self):
            raise JobError("The masks could not be laid over the heatmaps: no space.", "Open this page again.")

    monkeypatch.setattr("app.components.long_work.ShortWork", Broken)
    at = open_page("leakage", topic="evidence")
    assert at.error[0].value == "The masks could not be laid over the heatmaps: no space. Open this page again."
    assert at.button(key="evidence.again")
