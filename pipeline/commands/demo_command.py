"""`demo`: the whole job on the embedded generated set, without a browser."""

from pathlib import Path
from typing import Any

from pipeline.commands.arguments import add_command, add_set, settings_epilog
from pipeline.commands.output import Output
from pipeline.files.workspace import current_workspace
from pipeline.number_words import percent
from pipeline.text_tables import table


def add_parsers(commands) -> None:
    parser = add_command(
        commands, "demo", demo, epilog=settings_epilog(),
        help="draw the embedded set, train on it, evaluate, and classify held-out images: under 3 minutes on two "
        "cores; exit code 0 only for a run that is done",
    )
    parser.add_argument(
        "--drawings", type=Path, metavar="FOLDER",
        help="draw other lesions too, ask the model about them, and write the eight that Home shows where no real "
        "image is here; those that ship lie in assets/drawings",
    )
    add_set(parser)


def demo(arguments, out: Output) -> int:
    from pipeline.commands.foreground_command import work_here
    from pipeline.commands.run_text import run_text
    from pipeline.configuration.presets import preset
    from pipeline.data.embedded import ensure_generated
    from pipeline.images.generated import NOTICE
    from pipeline.runs.plan import create, plan_config
    from pipeline.runs.summary import run_summary

    workspace = current_workspace()
    config = _checked(preset("demo"), arguments.settings)
    dataset = ensure_generated(workspace, out.progress)
    config = plan_config(workspace, dataset.name, "demo", arguments.settings)
    run = create(workspace, config)
    out.warn(f"Run {run.name}: {NOTICE}.")
    status = work_here(run, workspace, out)
    summary = run_summary(run)
    classified = _classify_held_out(workspace, dataset, run, out) if status.state == "done" else []
    if arguments.drawings and status.state == "done":
        _write_drawings(workspace, run, arguments.drawings, out)
    text = run_text(summary, run.results())
    if classified:
        text += f"\n\nHeld-out images ({NOTICE})\n" + _classified_text(classified)
    out.answer({**summary, "classified": classified}, text)
    return 0 if status.state == "done" else 1


def _write_drawings(workspace, run, folder: Path, out: Output) -> None:
    from pipeline.explain.drawn_lesions import write_drawings
    from pipeline.models.model_info import find_model

    written = write_drawings(workspace, find_model(workspace, run.name), folder, out.progress)
    out.warn(f"{len(written.drawings)} drawings are in {folder}; the model is right about {written.right} of "
             f"{written.asked} that it had not seen.")


def _checked(chosen, settings: list[str]):
    """The settings are checked before the set is drawn, so that a typing error shows at once."""
    from pipeline.configuration.config import apply_settings

    return apply_settings(chosen.config, settings)


def _classify_held_out(workspace, dataset, run, out: Output) -> list[dict[str, Any]]:
    """One validation image of each diagnosis through the finished model, as `predict` would do it."""
    from pipeline.commands.predict_command import classify, prediction_objects
    from pipeline.commands.prediction_set_output import sets_or_reason
    from pipeline.models.model_info import find_model
    from pipeline.models.notice import notice

    info = find_model(workspace, run.name)
    split = run.split()
    held_out = split[split["part"] == "validation"].sort_values("image_id").drop_duplicates("dx").sort_values("dx")
    chosen = held_out[["image_id", "dx"]].merge(dataset.metadata()[["image_id", "file"]], on="image_id")
    paths = [dataset.image_path(file) for file in chosen["file"]]
    truths = dict(zip(map(str, paths), chosen["dx"], strict=True))
    predictions, _ = classify(info, paths, out, sets_or_reason(info, out)[0])
    out.warn(notice(info))
    return [{**o, "truth": truths[o["path"]]} for o in prediction_objects(predictions, info)]


def _classified_text(classified: list[dict[str, Any]]) -> str:
    rows = [
        [f"  {o['image']}", o["truth"], o["predicted"], percent(o["probabilities"][o["predicted"]])]
        for o in classified
    ]
    return table(["  image", "truth", "predicted", "probability"], rows, right=(3,))
