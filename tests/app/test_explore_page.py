"""The page Errors in Streamlit's AppTest: filters and their address, order, pages, the map, and teaching sets.
"""

import pandas as pd

from app.addresses.links import written
from app.components.cases.set_handout import handout_lesions
from app.components.errors.wall_view import PAGE
from app.filters.case_filters import FILTERS, found_cases
from app.filters.filter_address import read_address
from app.filters.filter_bar import said_of
from app.filters.filter_kinds import OneOf, Outline, Several, Ticked
from app.loaders import case_tables
from pipeline.evaluation.evidence_store import keep_evidence
from pipeline.jobs.job_dirs import embedding_job
from pipeline.jobs.launch import queue_embedding
from pipeline.number_words import count
from pipeline.runs.status import Status, process_identity, write_status
from pipeline.runs.teaching import Remark, create_set, list_sets, write_remark
from pipeline.shown import as_text
from tests.app_pages import button, cards, open_page, words
from tests.embedded import embed_by_hand
from tests.hand_made import make_dataset, make_masks, make_run


def _validation(run):
    return run.predictions().query("part == 'validation'").sort_values(["loss", "image_id"], ascending=[False, True])


def _open(**address):
    """The page; right answers are shown too where the address does not say otherwise."""
    return open_page("errors", **{"right": "all", **address})


def _cards(rows) -> list[str]:
    """The ids of the first images of each lesion of `rows`, as the first page shows them."""
    return list(rows.drop_duplicates("lesion_id")["image_id"][:PAGE])


def test_an_empty_workspace_says_what_will_be_here(workspace):
    at = _open()
    assert at.title[0].value == "Errors" and "one filter bar" in words(at) and button(at, "Train a classifier")


def test_a_run_that_is_not_done_says_so(workspace, tmp_path):
    make_run(workspace, make_dataset(workspace, tmp_path), state="running")
    assert "Its errors appear here when it is done." in words(_open())


def test_all_images_with_the_highest_loss_first(filled):
    rows = _validation(filled[2])
    at = _open()
    assert cards(at) == _cards(rows)
    assert f"**{len(rows)} images** of {rows['lesion_id'].nunique()} lesions, all that were judged." in words(at)


def test_the_address_fills_the_bar_and_the_bar_the_address(filled):
    rows = _validation(filled[2])
    at = _open(right="no", truth="mel,nv", confidence="0.3..1.0", sort="image")
    wanted = rows[rows["truth"].isin(["mel", "nv"]) & (rows["truth"] != rows["predicted"])
                  & (rows.filter(like="p_").max(axis=1) >= 0.3)]
    assert not at.warning and cards(at) == _cards(wanted.sort_values("image_id"))
    assert at.multiselect(key="explore.truth").value == ["mel", "nv"]
    assert at.slider(key="explore.confidence").value == (30.0, 100.0)
    card = next(link for link in at.get("page_link") if link.proto.label.startswith(f"Open {cards(at)[0]}"))
    assert "right=no" in card.proto.query_string and "sort=image" in card.proto.query_string
    at.multiselect(key="explore.truth").set_value(["nv"]).run()
    at.radio(key="explore.right").set_value("yes").run()
    at.slider(key="explore.confidence").set_value((0.0, 90.0)).run()
    at.selectbox(key="explore.sort").set_value("loss-up").run()
    assert at.query_params["truth"] == "nv" and at.query_params["right"] == "yes"
    assert at.query_params["confidence"] == "0.0..0.9" and at.query_params["sort"] == "loss-up"
    address = {name: at.query_params[name] for name in ("run", "truth", "right", "confidence", "sort")}
    assert cards(_open(**address)) == cards(at) != []
    button(at, "Show all").click().run()
    assert not {"truth", "confidence"} & set(at.query_params) and at.query_params["right"] == "all"
    assert f"**{len(rows)} images**" in words(at)


def _asked(one, known) -> str | None:
    """A value of the filter as an address has it; None where there is nothing to ask for."""
    match one:
        case Several():
            return next((written(level) for level in one.levels(known)), None)
        case OneOf():
            return next(iter(one.values(known)), None)
        case Ticked():
            return "yes"
        case Outline():
            return "0.0,0.0;100.0,0.0;100.0,100.0"
    return "0.1..0.9"


def test_every_filter_is_asked_by_the_address_shown_by_its_widget_and_told(workspace, dataset):
    run, _ = (make_run(workspace, dataset, split="lesion-test") for _ in range(2))
    create_set(workspace, "A set", "", "generated", run, ["IMG_0000"])
    embed_by_hand(run)
    make_masks(dataset)
    keep_evidence(run, dataset)
    known = case_tables.known(run)
    at = open_page("errors", run=run.name)
    for name, one in FILTERS.items():
        text = _asked(one, known)
        if name == "seen":  # this split has no lesion on both sides
            assert text is None and at.selectbox(key="explore.seen").disabled
            continue
        if name == "fitzpatrick":  # recorded nowhere here, so nobody is asked
            assert not any(box.key == "explore.fitzpatrick" for box in (*at.selectbox, *at.multiselect))
            continue
        at.query_params.clear()
        at.query_params.update({"run": run.name, "part": "all", "right": "all", name: text,
                                **({"of": "mel"} if name in ("share", "own") else {})})
        at.run()
        assert not at.exception and not at.warning, name
        asked = read_address({name: text, "of": "mel"} if name in ("share", "own") else {name: text}, known)
        assert f"**{count(len(found_cases(run, known, asked.values)), 'image')}**" in words(at), name
        for chip, told in said_of(known, asked).items():
            assert at.button(key=f"explore.chip.{chip}").label == as_text(told), name
        if one.place or name == "right":
            widgets = [w for kind in (at.multiselect, at.selectbox, at.slider, at.checkbox, at.number_input,
                                      at.radio)
                       for w in kind if w.key and w.key.startswith(f"explore.{name}")]
            assert widgets and all(w.value not in ([], "", "all", False, (0.0, 100.0), None) for w in widgets), name
        if said_of(known, asked):
            button(at, "Show all").click().run()
            assert at.query_params["right"] == "all" and name not in at.query_params


def test_the_ends_of_the_loss(filled):
    rows = _validation(filled[2])
    at = _open(loss="1.5..")
    assert at.number_input(key="explore.loss.low").value == 1.5 and not at.number_input(key="explore.loss.high").value
    assert cards(at) == _cards(rows.query("loss >= 1.5"))
    at.number_input(key="explore.loss.high").set_value(2.5).run()
    assert at.query_params["loss"] == "1.5..2.5"
    assert cards(at) == _cards(rows.query("1.5 <= loss < 2.5"))


def test_metadata_filters_and_what_is_not_here(filled):
    at = _open(sex="male", age="40-59,0-19", dx_type="histo", localization="nose")
    assert [w.value for w in at.warning] == [
        "The address names the localization nose, which is not here (any more). Shown without this filter."]
    assert len(cards(at)) == PAGE
    at = _open(age="0-19")
    assert not cards(at) and "No image has all of these." in words(at)


def test_without_the_data_set_the_predictions_remain(filled):
    _, dataset, run = filled
    (dataset.folder / "dataset.json").unlink()
    at = _open(truth="mel", age="40-59")
    assert "The data set generated is no longer here" in words(at)
    assert at.warning[0].value.startswith("The address names the age band 40-59")
    assert cards(at) == _cards(_validation(run).query("truth == 'mel'")) and not at.get("image")


def test_models_disagree(filled):
    workspace, dataset, run = filled
    other = make_run(workspace, dataset)
    table = other.predictions()
    changed = list(table["image_id"][:3])
    one = table["image_id"].isin(changed)
    table.loc[one, "predicted"] = table.loc[one, "predicted"].map(lambda code: "nv" if code != "nv" else "mel")
    table.to_parquet(other.predictions_path, index=False)
    at = _open(run=run.name, differs=other.name)
    assert f"**{count(len(changed), 'image')}**" in words(at) and set(cards(at)) <= set(changed)
    assert at.multiselect(key="explore.differs").value == [other.name]


def test_a_sum_of_outputs_and_flips_and_doubtful_labels(filled):
    workspace, _, run = filled
    embed_by_hand(run)
    rows = _validation(run)
    summed = (rows["p_mel"] + rows["p_bcc"]).groupby(rows["lesion_id"]).transform("mean")
    at = _open(of="mel,bcc", share=written((0.0, 0.25)))
    assert cards(at) == _cards(rows[summed < 0.25])
    assert f"**{(summed < 0.25).sum()} images**" in words(at)
    flipped = list(dict.fromkeys(run.predictions()["lesion_id"]))[:2]
    assert cards(_open(flips="zoom")) == _cards(rows[rows["lesion_id"].isin(flipped)])
    write_remark(workspace, "generated", rows["image_id"].iloc[5], Remark("", True))
    at = _open(doubtful="yes")
    assert cards(at) == [rows["image_id"].iloc[5]] and "label doubtful" in words(at)


def test_what_is_ticked_becomes_a_teaching_set_that_lives(filled):
    workspace, _, run = filled
    rows = _validation(run)
    first, second = _cards(rows)[:2]
    at = _open()
    at.checkbox(key=f"explore.tick.{first}").check().run()
    assert "**1 image** selected" in words(at)
    button(at, "Next").click().run()
    third = cards(at)[0]
    at.checkbox(key=f"explore.tick.{third}").check().run()
    button(at.run(), "Previous").click().run()
    assert at.checkbox(key=f"explore.tick.{first}").value and not at.checkbox(key=f"explore.tick.{second}").value
    at.text_input(key="explore.new_set.name").set_value("Nevi that frighten")
    at.text_area(key="explore.new_set.note").set_value("Look at the network.")
    at.button(key="explore.new_set.save").click().run()
    assert at.success[0].value == "The teaching set “Nevi that frighten” has 2 images."
    one = list_sets(workspace)[0]
    assert one.images == (first, third) and one.note == "Look at the network." and one.data == "generated"

    assert set(cards(_open(set=one.id))) == {first, third}
    at = _open(view="sets")
    assert "**Nevi that frighten** · 2 images" in words(at) and "Look at the network." in words(at)
    at.text_input(key=f"explore.{one.id}.name").set_value("Renamed")
    at.button(key=f"explore.{one.id}.save").click().run()
    assert "**Renamed** · 2 images" in words(at)
    at.button(key=f"explore.{one.id}.delete").click().run()
    assert "The teaching set “Renamed” is deleted." in words(at) and not list_sets(workspace)
    button(at, "Take it back").click().run()
    assert "**Renamed** · 2 images" in words(at)


def test_all_that_match_go_into_a_set_that_is_there(filled):
    workspace, _, run = filled
    melanomas = _validation(run).query("truth == 'mel'")["image_id"]
    one = create_set(workspace, "Mixed", "", "generated", run, ["IMG_0000"])
    at = _open(truth="mel")
    button(at, "Select all that match").click().run()
    at.selectbox(key="explore.new_set.into").set_value(one.id)
    at.button(key="explore.new_set.save").click().run()
    assert set(list_sets(workspace)[0].images) == {"IMG_0000", *melanomas}


def test_the_map_is_offered_watched_and_drawn(filled):
    workspace, _, run = filled
    at = _open(view="map")
    assert "lie together that the network finds alike" in words(at) and len(at.get("plotly_chart")) == 0
    assert button(at, "Compute map, neighbours and what flips")
    job = queue_embedding(run)
    write_status(job.status_path, Status("running", 1.0, **process_identity(), fraction=0.4, doing="Draws the map."))
    at = _open(view="map")
    assert button(at, "Stop") and not [b for b in at.button if b.label.startswith("Compute")]
    button(at, "Stop").click().run()
    assert embedding_job(run).stop_path.exists()
    write_status(job.status_path, Status("failed", 1.0, error="The data set is gone."))
    at = _open(view="map")
    assert at.error[0].value == "The data set is gone." and button(at, "Compute map")
    embed_by_hand(run)
    at = _open(view="map")
    assert len(at.get("plotly_chart")) == 1


def test_an_outline_on_the_map_opens_its_images(filled):
    _, _, run = filled
    embed_by_hand(run)
    at = _open(view="map", right="no")
    at.session_state["map.0"] = {"selection": {"points": [], "box": [{"x": [-1, 20.04], "y": [40, 60]}], "lasso": []}}
    at.run()
    assert at.query_params["area"] == "-1.0,40.0;20.0,40.0;20.0,60.0;-1.0,60.0" and "view" not in at.query_params
    held_out = run.predictions()
    inside = held_out[[100 * i / (len(held_out) - 1) < 20 for i in range(len(held_out))]]
    wrong = inside[inside["truth"] != inside["predicted"]]
    assert sorted(cards(at)) == sorted(_cards(wrong.sort_values(["loss", "image_id"], ascending=[False, True]))) != []
    assert at.button(key="explore.chip.area").label == "Within an area of the map"


def test_a_click_on_the_map_opens_the_case(filled):
    _, _, run = filled
    embed_by_hand(run)
    image = run.predictions()["image_id"].iloc[4]
    at = _open(view="map", right="no")
    at.session_state["map.0"] = {"selection": {"points": [{"customdata": image}], "box": [], "lasso": []}}
    at.run()
    assert at.title[0].value == f"Image {image}" and at.query_params["right"] == "no"


def test_a_lost_image_file_says_so_and_the_rest_is_shown(filled):
    _, dataset, run = filled
    image = _validation(run)["image_id"].iloc[0]
    dataset.image_path(dataset.metadata().set_index("image_id").at[image, "file"]).unlink()
    at = _open()
    assert len(at.warning) == 1 and "is gone or cannot be read" in at.warning[0].value and len(cards(at)) == PAGE


def test_the_csv_has_what_matches_in_order(filled):
    from app.components.cases.teaching_sets import with_remarks
    from app.loaders.case_tables import cases

    run = filled[2]
    table = with_remarks(cases(run), {"IMG_0003": Remark("n", True)})
    assert {"image_id", "truth", "predicted", "confidence", "loss", "p_mel", "age", "sex", "label_doubtful", "note"
            } <= set(table.columns)
    assert isinstance(table, pd.DataFrame) and len(table) == len(run.predictions())


def test_a_set_can_be_taken_along_on_paper_and_as_a_folder(filled):
    workspace, dataset, run = filled
    images = list(_validation(run)["image_id"].iloc[:3])
    one = create_set(workspace, "Three", "", "generated", run, [*images, "IMG_gone"])
    at = _open(view="sets")
    at.session_state[f"explore.{one.id}.along"] = True
    at.run()
    labels = {element.proto.label for element in at.get("download_button")}
    assert {"Handout", "Images"} <= labels
    assert "The handout lacks 1 image whose file is not here." in words(at)
    cases = case_tables.cases(run)
    lesions = handout_lesions(run, one, cases, {images[0]: Remark("Look.", True)})
    assert [lesion.image_id for lesion in lesions] == images
    assert lesions[0].note == "Look." and lesions[0].doubtful and lesions[0].origin is None  # it was drawn
    assert lesions[0].share == cases.loc[images[0], f"p_{lesions[0].predicted}"]
    (dataset.folder / "dataset.json").unlink()
    at.run()
    assert "A handout needs its images, and none is here." in words(at) and not at.exception
