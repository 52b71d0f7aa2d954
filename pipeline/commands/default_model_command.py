"""`default-model`: makes the model that comes with LesionLab, or measures how much its answers move."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.arguments import add_command, add_set, settings_epilog
from pipeline.commands.output import Output
from pipeline.files.workspace import current_workspace
from pipeline.number_words import count, decimal, percent
from pipeline.text_tables import table

if TYPE_CHECKING:
    from pipeline.evaluation.paired_splits import PairedSplits

OUT = Path(__file__).resolve().parents[2] / "assets" / "models" / "default"


def add_parsers(commands) -> None:
    parser = add_command(
        commands, "default-model", default_model, epilog=settings_epilog(),
        help="make the model that comes with LesionLab: five folds, their calibration and figures, its run, its card; "
        "a fold whose files match the recipe is not made again, a training that was broken off goes on",
    )
    parser.add_argument("--data", metavar="NAME", help="the data set, as `data list` names it")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="default: assets/models/default")
    part = parser.add_mutually_exclusive_group()
    part.add_argument(
        "--fold", type=int, choices=range(5),
        help="make this fold only: its weights, its table, and what its network gives beside for what it left out",
    )
    part.add_argument("--folds-only", action="store_true", help="the five folds and their figures, nothing else")
    part.add_argument("--lesson", action="store_true", help="the short trainings of the leakage lesson, nothing else")
    part.add_argument(
        "--robustness", type=Path, metavar="FOLDER",
        help="ask the finished model about the images of a folder, as they are and changed, and store how far it moves",
    )
    parser.add_argument("--reserved", metavar="NAME",
                        help="a data set whose reserved images judge the finished model too")
    parser.add_argument(
        "--lesson-folds", type=int, choices=range(1, 6), default=5, metavar="N",
        help="how many folds of each split the leakage lesson trains; with all 5, the default, both trainings judge "
        "every image",
    )
    add_set(parser)
    parser.add_argument(
        "--set-short", action="append", default=[], metavar="KEY=VALUE", dest="short_settings",
        help="as --set, for the short trainings of the leakage lesson",
    )
    parser.set_defaults(usage_error=parser.error)


def default_model(arguments, out: Output) -> int:
    if arguments.robustness:
        return _robustness(arguments, out)
    if arguments.data is None:
        arguments.usage_error("the argument --data is required")
    from pipeline.commands.foreground_command import work_here
    from pipeline.data.dataset import load_dataset
    from pipeline.default_model.build import cross_validate, figures_of, finish, make_lesson
    from pipeline.default_model.folds import fold_predictions, start_build
    from pipeline.default_model.recipe import plan_recipe
    from pipeline.evaluation.leakage import bundled_pair

    workspace = current_workspace()
    if arguments.reserved is not None:
        load_dataset(workspace, arguments.reserved)  # before hours of work: it is asked last
    recipe = plan_recipe(
        workspace, arguments.data, arguments.settings, arguments.short_settings, arguments.lesson_folds
    )
    build = start_build(
        workspace, recipe, arguments.out, lambda run: work_here(run, workspace, out), out.warn, out.progress
    )
    if arguments.fold is not None:
        images = len(fold_predictions(build, arguments.fold))
        out.answer({"fold": arguments.fold, "images": images}, f"Fold {arguments.fold}: {count(images, 'image')}.")
        return 0
    if arguments.lesson:
        make_lesson(build)
        pair = bundled_pair(arguments.out / "leakage", build.dataset.metadata().set_index("image_id")["lesion_id"])
        assert pair is not None, "its tables were just made"
        out.answer(pair_answer(pair), pair_text(pair))
        return 0
    figures = cross_validate(build)
    if not arguments.folds_only:
        finish(build, figures, arguments.reserved)
        figures = figures_of(arguments.out)
    out.answer(figures, figures_text(figures))
    return 0


def pair_answer(pair: "PairedSplits") -> dict[str, Any]:
    """What the leakage lesson found, for `--json`."""
    return {**pair._asdict(), "figures": {one.key: one._asdict() for one in pair.figures}}


def pair_text(pair: "PairedSplits") -> str:
    """The lesson's figures on the images that both splits held out."""
    from pipeline.metrics.metric_registry import METRICS

    rows = [
        [METRICS[one.key].name, percent(one.by_lesion), percent(one.by_image), f"{100 * one.difference:+.1f}",
         "–" if one.low != one.low else f"{100 * one.low:+.1f} to {100 * one.high:+.1f}"] for one in pair.figures
    ]
    return "\n\n".join([
        f"Held out by both splits: {count(pair.images, 'image')} of {count(pair.lesions, 'lesion')}, "
        f"{count(pair.melanomas, 'melanoma image')} of {count(pair.melanoma_lesions, 'lesion')}.",
        table(["figure", "by lesion", "by image", "difference, points", "95 % interval"], rows, right=(1, 2, 3)),
    ])


def figures_text(figures: dict[str, Any]) -> str:
    """The figures against the goals, and those of each diagnosis."""
    from pipeline.classes import label
    from pipeline.default_model.goals import GOALS
    from pipeline.metrics.units import bounds_words, figure_words

    goals = []
    for goal, row in zip(GOALS, figures["goals"], strict=True):
        unit = goal.metric.unit
        goals.append([
            goal.metric.name, goal.metric.decision or "–", figure_words(row["value"], unit),
            bounds_words((row["low"], row["high"]), unit),
            f"{'at most' if goal.lower else 'at least'} {figure_words(goal.goal, unit)}",
            "yes" if row["reached"] else "no",
        ])
    each = [
        [label(code), f"{row['images']:,}", f"{row['lesions']:,}", percent(row["as-data"]["sensitivity"][0]),
         percent(row["balanced"]["sensitivity"][0]), decimal(row["auc"][0])]
        for code, row in figures["per_diagnosis"].items()
    ]
    elsewhere = _reserved_text(figures["reserved"]) if "reserved" in figures else []
    return "\n\n".join([
        f"Out of fold: {count(figures['images'], 'image')} of {count(figures['lesions'], 'lesion')}, temperatures "
        f"{', '.join(format(fold['temperature'], '.3f') for fold in figures['folds'])}.",
        table(["figure", "decision", "value", "95 % interval", "goal", "reached"], goals, right=(2,)),
        table(["diagnosis", "images", "lesions", "sensitivity as-data", "balanced", "AUC"], each, right=range(1, 6)),
        *elsewhere,
    ])


def _reserved_text(reserved: dict[str, Any]) -> list[str]:
    """What the mean reaches on the reserved images, and each network."""
    from pipeline.metrics.metric_registry import metrics_of
    from pipeline.metrics.units import bounds_words, figure_words, with_interval

    rows = []
    for metric in metrics_of("bundled"):
        value, low, high = reserved["mean"]["overall"][metric.key]
        singles = ", ".join(figure_words(one["overall"][metric.key], metric.unit) for one in reserved["networks"])
        rows.append([metric.name, metric.decision or "–", figure_words(value, metric.unit),
                     bounds_words((low, high), metric.unit), singles])
    sets = reserved.get("sets")  # figures of before have none
    covered = [
        [code, f"{of['lesions']:,}", with_interval(of["coverage"]), decimal(of["size"], 2)]
        for code, of in ({"all": sets["all"], **sets["per_diagnosis"]} if sets else {}).items()
    ]
    return [
        f"Reserved images of {reserved['data']}: {count(reserved['images'], 'image')} of "
        f"{count(reserved['lesions'], 'lesion')}; {reserved['left_out']:,} left out.",
        table(["figure", "decision", "the mean of the five", "95 % interval", "each of the five"], rows, right=(2,)),
        *([table(["prediction sets of", "lesions", "in their own set", "mean size"], covered, right=(1, 2, 3))]
          if covered else []),
    ]


def _robustness(arguments, out: Output) -> int:
    from pipeline.commands.image_files import image_files
    from pipeline.data.dataset import load_dataset
    from pipeline.default_model.build import NAME, ROBUSTNESS_FILE, write_card
    from pipeline.default_model.robustness import robustness
    from pipeline.errors import LesionLabError
    from pipeline.files.disk import plain, write_json
    from pipeline.models.model_info import read_model_info

    info = read_model_info(arguments.out, NAME)
    found = plain(robustness(current_workspace(), info, image_files([arguments.robustness]), out.progress))
    write_json(arguments.out / ROBUSTNESS_FILE, found)
    try:
        write_card(info, load_dataset(current_workspace(), arguments.data or info.data))
    except LesionLabError as error:
        out.warn(f"The card is left as it was: {error}")
    out.answer(found, robustness_text(found))
    return 0


def robustness_text(found: dict[str, Any]) -> str:
    """How much the answers move, a line a change."""
    from pipeline.metrics.decisions import DECISIONS

    rows = [
        [row["change"], *(percent(row["changed"][decision]) for decision in DECISIONS), decimal(row["melanoma"])]
        for row in found["changes"]
    ]
    header = ["change", *(f"other prediction, {decision}" for decision in DECISIONS), "melanoma probability moves by"]
    return f"{count(found['images'], 'image')}, against the same files as they are:\n\n" + table(
        header, rows, right=(1, 2, 3)
    )
