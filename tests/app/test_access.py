"""Who may do what: every action of the pages is one that all may do, or one for the person who runs the server."""

import hashlib
import socket
from dataclasses import replace

import pytest
from streamlit import config

from app import access
from app.components import deleted, start_over
from app.components.cases import same_name, teaching_sets
from app.components.data import data_intake, get_data_fetches, get_data_kaggle, get_data_sources
from app.components.models import model_actions, model_intake
from app.components.runs import run_actions
from pipeline.data.sources.catalogue import STARTER
from pipeline.errors import AccessError
from pipeline.files.disk import replace_file, write_json
from pipeline.models.library import delete_model
from pipeline.models.model_info import find_model, write_model_info
from pipeline.runs.labels import delete_run
from pipeline.runs.status import Status, write_status
from pipeline.runs.teaching import create_set
from tests.app_actions import all_actions
from tests.app_pages import OPERATOR, PROJECT, VISITOR, open_page, words
from tests.hand_made import make_dataset, make_run

FOR_THE_OPERATOR = {
    "components/cases/same_name.py": "*.replace",
    "components/cases/teaching_sets.py": "explore.*.delete explore.undo",
    "components/data/data_intake.py": "import.path import.sources import.table",
    "components/data/get_data_fetches.py": "again.* cancel.* dismiss.*",
    "components/data/get_data_kaggle.py":
        "kaggle.file kaggle.file.value kaggle.key kaggle.key.user kaggle.key.value kaggle.token kaggle.token.value",
    "components/data/get_data_sources.py": "fetch.*",
    "components/deleted.py": "*.* *.undo",
    "components/models/model_actions.py":
        "model.*.description model.*.title model.label.* models.delete.* models.delete.closed",
    "components/models/model_intake.py": "models.path",
    "components/runs/run_actions.py": "delete.* label.* label.*.name label.*.note runs.delete.closed",
}
OPEN = {
    "components/cases/embedding_job.py": "embedding.start embedding.stop",
    "components/cases/same_name.py": "*.cancel *.other *.other.name",
    "components/cases/set_handout.py": "explore.*.pdf explore.*.zip",
    "components/cases/set_maker.py": "* *.name *.note explore.select_none",
    "components/cases/teaching_sets.py":
        "* *.name case.note.* case.note.*.text explore.*.form explore.*.name explore.*.note",
    "components/cases/what_if_panel.py": "*reset",
    "components/data/data_intake.py": "import import.name import.upload",
    "components/data/dataset_counts.py": "missing.*.*",
    "components/data/generated_drawing.py": "draw",
    "components/data/get_data_fetches.py": "fetched.*",
    "components/data/image_wall.py": "wall.all",
    "components/data/naming_panel.py": "import.map",
    "components/errors/confusion_panel.py": "pair.*.*",
    "components/errors/wall_view.py": "explore.select_page explore.select_found",
    "components/errors/hidden_truth.py": "guess.again guess.next guess.previous guess.reveal",
    "components/evaluation/evaluation_tab.py": "evaluate to_errors to_evaluate_on",
    "components/evaluation/flagged_lesions.py": "evaluation.close evaluation.lesions.*",
    "components/evaluation/operating_panel.py": "evaluation.aim.*",
    "components/figures.py": "*.csv",
    "components/first_look.py": "first.all first.guess.* first.next first.others",
    "components/leakage/audit_work.py": "audit.cancel.* audit.start",
    "components/leakage/evidence_panel.py": "evidence.again",
    "components/leakage/leakage_tab.py": "to_data",
    "components/leakage/near_pairs.py": "pair.*.*",
    "components/leakage/run_leakage.py": "other_split to_train",
    "components/long_work.py": "* *.cancel",
    "components/models/example_row.py": "example.* examples.others",
    "components/models/model_actions.py": "models.errors models.evaluate_on models.run",
    "components/models/model_exports.py": "export.* export.card",
    "components/models/model_intake.py": "combine.name models.combine models.import models.name models.upload",
    "components/models/model_rows.py": "models.classify.* models.more models.open.*",
    "components/models/other_model.py": "other.*",
    "components/one_lesion.py": "*.* *.answer",
    "components/pickers.py": "*.next *.previous",
    "components/run_page.py": "bundled.get_data to_classify to_train",
    "components/runs/evaluation_form.py": "evaluate_on.start",
    "components/runs/evaluation_run.py": "overlap.* resume.* stop.* to_evaluation to_results",
    "components/runs/lineage_tree.py": "lineage.* lineage.compare.*",
    "components/runs/run_actions.py": "branch.* rates.* runs.classify runs.results runs.watch",
    "components/runs/runs_table.py": "runs.search",
    "components/runs/shared_figures.py": "runs.to_article",
    "components/start_over.py": "start_over",
    "components/training/batch_preview.py": "? preview.close",
    "components/training/live_run.py": "resume.* stop.* to_classify to_results",
    "components/training/more_choices.py": "*.*",
    "components/training/rate_choice.py": "* rates.use",
    "components/training/rate_search.py": "rates.search rates.stop.*",
    "components/training/rates_tab.py": "to_data",
    "components/training/time_estimate.py": "?",
    "components/training/train_form.py": "start",
    "filters/filter_bar.py": "explore.chip.* explore.clear",
    "views/article_page.py": "to_train",
    "views/case_page.py": "case.* to_explore",
    "views/classify_page.py": "to_train uploads uploads.more",
    "views/dataset_page.py": "to_train",
    "views/errors_page.py": "to_classify",
    "views/evaluate_on_page.py": "to_train",
    "views/home_page.py": "bundled.errors classify demo errors import last lesson train watch",
    "views/lesson_page.py": "to_sets",
    "views/models_page.py": "to_train",
    "views/runs_page.py": "runs.newest to_train",
    "views/tour_page.py": "tour.classify tour.errors",
}

REFUSED = "Only the person who runs the server "
DRAWING = (deleted, start_over, same_name, teaching_sets, data_intake, get_data_fetches, get_data_kaggle,
           get_data_sources, model_actions, model_intake, run_actions)


def test_every_action_is_known_to_be_for_all_or_for_the_operator():
    assert {file: set(keys.split()) for file, keys in OPEN.items()} == {
        file: left for file, keys in all_actions().items()
        if (left := keys - set(FOR_THE_OPERATOR.get(file, "").split()))
    }
    for file, keys in FOR_THE_OPERATOR.items():
        assert set(keys.split()) <= all_actions()[file], file
        assert "operator()" in (PROJECT / "app" / file).read_text(encoding="utf-8"), file


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "127.0.0.1", "127.8.9.1", "::1", "[::1]",
                                  "::ffff:127.0.0.1"])
def test_these_mean_this_computer_alone(host):
    assert access.loopback(host)


@pytest.mark.parametrize("host", [None, "", "0.0.0.0", "::", "192.168.1.5", "128.0.0.1", "127.0.0.1.evil.example",
                                  "localhost.evil.example", "evil.example", "::ffff:192.168.1.5", "2130706433"])
def test_these_do_not(host):
    assert not access.loopback(host)


@pytest.mark.parametrize("header", [
    "X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via", "CF-Connecting-IP",
    "True-Client-IP", "X-Client-IP", "Fly-Client-IP", "X-Envoy-External-Address",
])
def test_a_request_that_was_handed_on_is_not_the_operators(monkeypatch, header):
    monkeypatch.setattr(access, "request_headers", lambda: OPERATOR | {header: "127.0.0.1"})
    assert "through a proxy" in access.why_not() and not access.operator()


@pytest.mark.parametrize("headers", [{}, {"Host": ""}, {"Host": "lesionlab.example"}, {"Host": "192.168.1.5:8501"},
                                     {"Host": "[::1"}, {"Host": "127.0.0.1.evil.example"}])
def test_nor_is_one_by_another_name_or_of_a_browser_that_has_left(monkeypatch, headers):
    monkeypatch.setattr(access, "request_headers", lambda: headers)
    assert not access.operator()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8501", "[::1]:8502"])
def test_the_operators_names(monkeypatch, host):
    monkeypatch.setattr(access, "request_headers", lambda: {"host": host})
    assert access.why_not() == ""


@pytest.mark.parametrize("address", [None, "0.0.0.0", "::", "192.168.1.5", "lesionlab.example"])
def test_a_server_that_others_reach_has_no_operator(monkeypatch, address):
    told = {"server.address": address}
    monkeypatch.setattr(access.st, "get_option", told.__getitem__)
    assert "answers other computers too" in access.why_not()


def test_nor_one_that_was_started_otherwise_than_its_configuration_says():
    assert config.get_option("server.address") == "127.0.0.1" and access.operator()
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        assert access.why_not() == ""
        listener.listen()
        assert "answers other computers too" in access.why_not()
        with pytest.raises(AccessError, match="answers other computers too"):  # at once, whatever is offered
            access.require_operator("deletes runs")
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(("::1", 0))
        listener.listen()
        assert access.why_not() == ""
    assert access.operator()


def test_what_is_offered_follows_within_a_second(monkeypatch):
    now = [1e6]
    monkeypatch.setattr(access.time, "monotonic", lambda: now[0])
    assert access.operator()
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        now[0] += 1
        assert not access.operator()
    now[0] += 1
    assert access.operator()


@pytest.fixture
def stocked(workspace, tmp_path, monkeypatch):
    """A workspace in which everything could be removed or taken back, and a home without a Kaggle login."""
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "user" / ".kaggle"))
    dataset = make_dataset(workspace, tmp_path)
    run, gone = make_run(workspace, dataset), make_run(workspace, dataset, "failed")
    for name in ("shelf-1", "shelf-2"):
        info = replace(find_model(workspace, run.name), name=name, folder=workspace.models / name, run="none")
        replace_file(info.folder / "model.safetensors", b"")
        write_model_info(info)
    create_set(workspace, "Mine", "", "generated", run, ["IMG_0001"])
    delete_run(workspace, gone.name)
    delete_model(workspace, "shelf-2")
    folder = workspace.home / ".downloads" / STARTER.id
    write_json(folder / "fetch.json", {"name": "starter"})
    write_status(folder / "status.json", Status("failed", 1.0, error="It broke."))
    return workspace, run.name, tmp_path


def views(run: str) -> list[tuple[str, dict[str, str]]]:
    """The pages with an action for the operator, and their addresses."""
    return [("home", {}), ("get_data", {}), ("train", {}), ("runs", {"runs": run}), ("models", {"model": "shelf-1"}),
            ("errors", {"run": run, "view": "sets"})]


def controls(at) -> set[str]:
    """Keys of what can be clicked, sent, chosen or filled in."""
    kinds = (at.button, at.text_input, at.text_area, at.radio, at.get("file_uploader"), at.get("download_button"))
    return {str(element.key or element.proto.id) for kind in kinds for element in kind}


def of_the_operator(keys: set[str], run: str) -> set[str]:
    one = {"explore.set-1.delete", "import.path", "import.sources", "import.table", f"again.{STARTER.id}",
           f"dismiss.{STARTER.id}", "fetch.kaggle-ham10000", f"fetch.{STARTER.id}", "models.path",
           "models.delete.shelf-1", f"delete.{run}", f"label.{run}.name", f"label.{run}.note", "model.shelf-1.title",
           "model.shelf-1.description", "models.restore.shelf-2", "start_over.teaching"}
    return {key for key in keys if key in one or key.startswith("restore.") or "kaggle." in key}


def visited(page, address):
    """A page as it is in the middle of a visit: Home has something to start over from only then."""
    return open_page(page, **address).run()


def test_a_visitor_is_offered_none_of_it_and_told_why(stocked, monkeypatch):
    workspace, run, _ = stocked
    seen = set()
    for page, address in views(run):
        at = visited(page, address)
        offered = of_the_operator(controls(at), run)
        seen |= offered
        monkeypatch.setattr(access, "request_headers", lambda: VISITOR)
        at = visited(page, address)
        assert of_the_operator(controls(at), run) == set(), page
        assert not at.exception and (not at.error or page in ("get_data", "home")), page  # where a fetch has failed
        if page != "train":
            assert "only for the person who runs the server. This page came through a proxy" in words(at), page
        assert str(workspace.home) not in words(at) and "/.kaggle" not in words(at), page
        monkeypatch.setattr(access, "request_headers", lambda: OPERATOR)
    assert len(seen) == 25, sorted(seen)


def everything(folder) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file() and "locks" not in path.parts}


BUTTONS = [
    ("get_data", "again."), ("get_data", "dismiss."), ("get_data", "fetch.isic2018-v"),
    ("get_data", "FormSubmitter:kaggle.token"), ("get_data", "FormSubmitter:kaggle.file"),
    ("get_data", "FormSubmitter:kaggle.key"), ("get_data", "FormSubmitter:import"),
    ("runs", "delete."), ("runs", "restore."), ("runs", "FormSubmitter:label."),
    ("models", "models.delete."), ("models", "models.restore."), ("models", "FormSubmitter:model.label."),
    ("models", "FormSubmitter:models.import"), ("errors", "explore.set-1.delete"), ("home", "start_over"),
]


@pytest.mark.parametrize(("page", "key"), BUTTONS, ids=[key for _, key in BUTTONS])
def test_what_acts_refuses_a_click_without_the_right(stocked, monkeypatch, page, key):
    """As if the page were drawn for the operator and the click came from somebody else."""
    workspace, run, folder = stocked
    at = visited(page, dict(views(run))[page])
    for field, value in (("import.path", "/etc"), ("models.path", "/etc"), ("kaggle.token.value", "SECRET"),
                         ("kaggle.key.user", "someone"), ("kaggle.key.value", "SECRET")):
        for element in at.text_input:
            if element.key == field:
                element.set_value(value)
    for radio in at.radio:
        if radio.key == "start_over.teaching":
            radio.set_value("all").run()
    before = everything(folder)
    for module in (access, *DRAWING):
        monkeypatch.setattr(module, "operator", lambda: True)
    monkeypatch.setattr(access, "request_headers", lambda: VISITOR)
    next(button for button in at.button if str(button.key).startswith(key)).click().run()
    assert not at.exception and everything(folder) == before
    assert any(error.value.startswith(REFUSED) for error in at.error), [error.value for error in at.error]
    assert "SECRET" not in str(at.main) and "SECRET" not in repr(at.session_state)


def test_the_refusal_is_of_the_one_family(monkeypatch):
    monkeypatch.setattr(access, "request_headers", lambda: VISITOR)
    with pytest.raises(AccessError, match="^Only the person who runs the server deletes runs. This page came"):
        access.require_operator("deletes runs")
