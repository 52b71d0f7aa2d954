"""The Leakage page in Streamlit's AppTest: empty, without an audit, with one, verdicts, runs, evidence."""

import dataclasses

import pandas as pd
import pytest

from app.loaders import leakage_rows
from pipeline.audit.findings import _table_digest, audit_path, stored_audit
from pipeline.audit.label_leaks import label_leak
from pipeline.data.same_lesion import judge_pair, verdicts
from pipeline.data.seen_lesions import seen_shares
from pipeline.errors import RunError
from pipeline.evaluation.evidence_store import keep_evidence
from pipeline.files.disk import write_json
from pipeline.jobs.job_dirs import audit_job
from pipeline.jobs.launch import start_audit
from pipeline.runs.status import just_queued, just_started, process_identity, write_status
from tests import app_pages
from tests.app_pages import button, words
from tests.hand_made import make_masks, make_run
from tests.waiting import wait_until


def write_audit(dataset, pairs: int = 8) -> None:
    """An audit by hand: images 0, 2, 4… paired with 100, 102, 104…"""
    table = dataset.metadata()
    ids, lesions = table["image_id"], table["lesion_id"]
    near = [{"image_a": ids[2 * n], "image_b": ids[100 + 2 * n], "lesion_a": lesions[2 * n],
             "lesion_b": lesions[100 + 2 * n], "similarity": 0.9 - n / 100} for n in range(pairs)]
    write_json(audit_path(dataset), {
        "images": dataset.images, "lesions": dataset.lesions, "content_hash": dataset.content_hash,
        "table_digest": _table_digest(dataset), "threshold": 0.5, "seen": seen_shares(table), "near_duplicates": near,
        "pairs_in_all": len(near), "pairs_of_one_lesion": 3, "seconds": 1.0, "created": 0.0,
        "label_leaks": [label_leak(table, factor) for factor in ("dx_type", "source")],
    })


def open_page(**parameters: str):
    at = app_pages.open_page("leakage", **parameters)
    assert not at.error
    return at


def test_an_empty_workspace_has_one_way_on(workspace):
    at = open_page(data="gone")
    assert "gone" in at.warning[0].value
    assert [b.label for b in at.button if b.proto.type == "primary"] == ["Bring in images"]
    assert "do not come with this copy of LesionLab" in words(at)


def test_without_an_audit_the_page_has_the_button_and_the_rest(dataset, workspace):
    at = open_page()
    assert [b.label for b in at.button if b.proto.type == "primary"] == ["Audit this data set"]
    assert "No finished run on generated yet." in words(at)
    assert "generated – not for learning dermoscopy" in words(at)


def test_the_shares_in_words(dataset):
    write_audit(dataset)
    text = words(open_page())
    expected = leakage_rows.audit(dataset)[0]["seen"]["random_expected"]
    assert f"**{100 * expected['share']:.1f} % of the validation images**" in text
    assert "(expected over all such splits)" in text and "By lesion it is 0 of 28 images." in text


def test_an_audit_of_another_state_says_so(dataset):
    write_audit(dataset)
    table = dataset.metadata().assign(source="clinic")
    table.to_parquet(dataset.folder / "metadata.parquet", index=False)
    at = open_page()
    assert "The data set has changed since this audit." in at.warning[0].value
    assert button(at, "Audit again")


def test_pairs_are_confirmed_dismissed_and_taken_back(dataset, workspace):
    write_audit(dataset)
    at = open_page(topic="pairs")
    assert "8 pairs of images that look alike (similarity of at least 0.5) have different lesion_ids" in words(at)
    assert at.radio(key="radio.verdict").options == ["Not judged yet (8)", "Same lesion (0)", "Different (0)"]
    at.button(key="pair.same.IMG_0000.IMG_0100").click().run()
    at.button(key="pair.different.IMG_0002.IMG_0102").click().run()
    assert not at.exception
    assert verdicts(dataset) == {("IMG_0000", "IMG_0100"): "same", ("IMG_0002", "IMG_0102"): "different"}
    assert at.radio(key="radio.verdict").options == ["Not judged yet (6)", "Same lesion (1)", "Different (1)"]
    at = open_page(topic="pairs", verdict="same")
    assert "Runs that exist keep the split that they were trained on" in words(at)
    at.button(key="pair.None.IMG_0000.IMG_0100").click().run()
    assert ("IMG_0000", "IMG_0100") not in verdicts(dataset)
    assert "No pair has been confirmed yet." in words(at)


def test_pairs_that_only_a_csv_named_stand_there_too(dataset, workspace):
    write_audit(dataset, pairs=0)
    assert "No two images with different lesion_ids look that much alike." in words(open_page(topic="pairs"))
    judge_pair(workspace, dataset, "IMG_0001", "IMG_0050", "same")
    assert "Image IMG_0050 · lesion LES_0025" in words(open_page(topic="pairs", verdict="same"))


def test_the_pages_of_pairs(dataset):
    write_audit(dataset)
    at = open_page(topic="pairs", page="2")
    assert "7–8 of 8" in words(at)


def test_what_the_metadata_gives_away(dataset):
    write_audit(dataset)
    at = open_page(topic="metadata")
    assert "Not recorded: image source." in words(at)
    assert at.dataframe[0].value["From"].tolist() == [
        "How the reference diagnosis was made", "Nothing: the most frequent diagnosis",
    ]


def test_a_run_on_the_random_split_has_both_sides(dataset, workspace):
    make_run(workspace, dataset)
    run = make_run(workspace, dataset, split="random")
    at = open_page()
    assert at.selectbox(key="pick.run").value == run.name
    text = words(at)  # the two runs differ in their split alone, so they are compared, and no third is offered
    pair = leakage_rows.pair(*(next(r for r in leakage_rows.runs_of(dataset) if r.config().split == split)
                               for split in ("lesion", "random")))
    assert f"Of the same {pair.melanomas} melanoma images of" in text or not pair.melanomas
    assert f"on the same {pair.images} image" in text
    assert "The two kinds are images of other lesions" in text
    assert not [b for b in at.button if "other split" in b.label]


def test_a_run_without_its_other_half_offers_it(dataset, workspace):
    make_run(workspace, dataset, split="random")
    make_run(workspace, dataset, seed=4)
    at = open_page()
    assert button(at, "Run this recipe on the other split (by lesion)") and "on the same" not in words(at)


def test_a_run_by_lesion_says_that_nothing_was_seen(dataset, workspace):
    run = make_run(workspace, dataset)
    at = open_page(run=run.name)
    assert "was split by lesion: none of its 28 validation images shows a lesion that its training saw." in words(at)
    assert button(at, "Run this recipe on the other split (by image)")


def test_the_other_split_starts_a_run(dataset, workspace, monkeypatch):
    from pipeline.jobs import launch

    started = []
    monkeypatch.setattr(launch, "start", lambda workspace, run: started.append(run.config().split))
    make_run(workspace, dataset, split="random")
    at = open_page()
    button(at, "Run this recipe").click().run()
    assert not at.exception and started == ["lesion"]


@pytest.mark.parametrize(("by_image", "headline"), [
    ({"S": True, "U": True}, "finds more of the same melanomas"),
    ({"S": True, "U": False}, "Too few melanomas were held out by both"),
])
def test_the_bundled_pair_says_what_its_interval_allows(workspace, tmp_path, monkeypatch, by_image, headline):
    from tests.pipeline.evaluation.test_leakage import write_pair

    folder = tmp_path / "leakage"  # of the folder that the environment names
    folder.mkdir()
    write_pair(folder, {"S": True, "U": False}, by_image)
    monkeypatch.setenv("LESIONLAB_BUNDLED", str(tmp_path))
    text = words(open_page())
    assert headline in text and "Of the same 40 melanoma images of 40 lesions" in text
    assert "from the split alone" not in text  # other images on either side told nothing of the split


def test_what_the_pair_in_the_box_says(workspace, monkeypatch):
    monkeypatch.delenv("LESIONLAB_BUNDLED")
    pair, text = leakage_rows.two_splits(), words(open_page())
    assert pair.melanomas_seen and f"It had seen another image of the lesion of {pair.melanomas_seen:,} of them" in text
    assert f"Of the same {pair.melanomas:,} melanoma images of {pair.melanoma_lesions:,} lesions" in text


def test_evidence_needs_masks_and_says_how_to_bring_them(dataset, workspace):
    make_run(workspace, dataset)
    assert "python -m pipeline data masks PATH --data generated" in words(open_page(topic="evidence"))


def test_evidence_inside_the_lesion(dataset, workspace):
    run = make_run(workspace, dataset)
    make_masks(dataset)
    keep_evidence(run, dataset)
    at = open_page(topic="evidence")
    text = words(at)
    assert "Evidence outside the lesion: context or shortcut?" in text
    assert "The lesion takes 25.0 % of the area, which is chance:" in text
    assert "Tschandl et al. 2020" in text and "looks at" not in text
    at.radio(key="evidence.of").set_value("truth").run()
    assert not at.exception and "Of the positive evidence for the reference diagnosis" in words(at)


def test_the_audit_starts_as_a_job_and_its_end_is_told(dataset, workspace, monkeypatch):
    from pipeline.jobs import launch

    job = audit_job(dataset)
    monkeypatch.setattr(launch, "start", lambda workspace, started: write_status(
        started.status_path, just_queued(**just_started(), **process_identity(), fraction=0.4, doing="Compares.")))
    at = open_page()
    button(at, "Audit this data set").click().run()
    assert not at.exception and "Audits generated" in words(at) and button(at, "Audit this data set").disabled
    write_audit(dataset)
    write_status(job.status_path, dataclasses.replace(job.status(), state="done", worked=65.0))
    at.run()
    assert "Audited generated in a minute." in words(at) and "(expected over all such splits)" in words(at)
    at.run()
    assert "Audited generated" not in words(at) and "Audited" not in words(open_page())


def test_an_audit_at_work_is_found_again_by_whoever_opens_the_page_and_stopped(dataset, workspace):
    start_audit(workspace, dataset)
    with pytest.raises(RunError, match="^The data set generated is being audited already."):
        start_audit(workspace, dataset)
    at = open_page()
    assert "Audits generated" in words(at) and button(at, "Audit this data set").disabled
    at.button(key="audit.cancel.generated").click().run()
    assert not at.exception
    wait_until(lambda: audit_job(dataset).status().state == "cancelled", 60)
    at = open_page()
    assert not button(at, "Audit this data set").disabled and stored_audit(dataset) is None


def test_an_audit_that_broke_off_says_why(dataset, workspace):
    job = audit_job(dataset)
    write_status(job.status_path, just_queued(state="failed", error="The data set generated has lost an image."))
    at = app_pages.open_page("leakage")
    assert [e.value for e in at.error] == ["The data set generated has lost an image."]
    assert not button(at, "Audit this data set").disabled


def test_tables_behind_the_charts():
    from app.components.leakage.audit_panels import seen_table

    counts = {"images": 10, "seen": 4, "melanomas": 0, "melanomas_seen": 0}
    table = seen_table({"lesion": {**counts, "seen": 0}, "random": counts})
    assert table["text"].tolist() == ["0.0 %<br>0 of 10", "40.0 %<br>4 of 10"]
    assert isinstance(table, pd.DataFrame)
