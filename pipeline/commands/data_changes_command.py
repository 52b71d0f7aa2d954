"""`data masks`, `data criteria`, `data reserve`, `data sharpen`: what changes a data set, or makes another of it."""

from pathlib import Path

from pipeline.classes import label
from pipeline.commands.arguments import add_command
from pipeline.commands.dataset_text import problem_lines
from pipeline.commands.output import Output
from pipeline.files.workspace import current_workspace
from pipeline.number_words import count

_NAMED = 8


def add_masks(group) -> None:
    """Adds the command to the group `data`."""
    parser = add_command(
        group, "masks", data_masks,
        help="import lesion masks, <image_id>_segmentation.png, for a data set that is there; safe to repeat",
    )
    parser.add_argument("path", metavar="PATH", type=Path, help="the zip archive or the folder with the masks")
    parser.add_argument("--data", required=True, metavar="NAME", help="the data set")


def data_masks(arguments, out: Output) -> int:
    from pipeline.data.masks import import_masks

    found = import_masks(current_workspace(), arguments.path, arguments.data, out.progress)
    lines = [f"{found.data}: {count(found.masks, 'lesion mask')} brought in."]
    if found.without:
        lines.append(f"{count(found.without, 'image')} of {found.data} without a mask.")
    if found.unknown:
        lines.append(f"{count(len(found.unknown), 'mask')} of images that {found.data} does not have: "
                     f"{_first(found.unknown)}")
    lines += problem_lines(found.problems)
    out.answer(
        {
            "name": found.data, "masks": found.masks, "without": found.without, "unknown": found.unknown,
            "problems": found.problems,
        },
        "\n".join(lines),
    )
    return 0


def _first(ids: list[str]) -> str:
    return ", ".join(ids[:_NAMED]) + (", …" if len(ids) > _NAMED else "")


def add_criteria(group) -> None:
    """Adds the command to the group `data`."""
    parser = add_command(
        group, "criteria", data_criteria,
        help="import masks of dermoscopic criteria, <image_id>_attribute_<criterion>.png as in ISIC 2018's Task 2, for "
        "a data set that is there; safe to repeat",
    )
    parser.add_argument("path", metavar="PATH", type=Path, help="the zip archive or the folder with the masks")
    parser.add_argument("--data", required=True, metavar="NAME", help="the data set")


def data_criteria(arguments, out: Output) -> int:
    from pipeline.data.criterion_masks import import_criteria

    found = import_criteria(current_workspace(), arguments.path, arguments.data, out.progress)
    lines = [f"{found.data}: the criteria of {count(found.images, 'image')}.",
             *(f"  {criterion.replace('_', ' ')}: marked on {n:,}" for criterion, n in found.marked.items())]
    if found.without_outline:
        lines.append(f"{count(found.without_outline, 'mark')} in the table alone: no mask shows the place.")
    if found.unknown:
        lines.append(f"{count(len(found.unknown), 'image')} that {found.data} does not have: {_first(found.unknown)}")
    lines += problem_lines(found.problems)
    out.answer(
        {
            "name": found.data, "images": found.images, "marked": found.marked,
            "without_outline": found.without_outline, "unknown": found.unknown, "problems": found.problems,
        },
        "\n".join(lines),
    )
    return 0


def add_sharpen(group) -> None:
    """Adds the command to the group `data`."""
    parser = add_command(
        group, "sharpen", data_sharpen,
        help="make a data set whose images are one and a half times as large, with sharper copies of their central "
        "square, <image_id>.jpg, set in; safe to repeat",
    )
    parser.add_argument("path", metavar="PATH", type=Path, help="the zip archive or the folder with the sharper copies")
    parser.add_argument("--data", required=True, metavar="NAME", help="the data set whose images they show")
    parser.add_argument("--name", required=True, metavar="NEW", help="what the new data set is called")
    parser.add_argument("--note", metavar="SENTENCE", help="what else is to be known about the copies; it stands "
                        "with the data set and in the cards of models trained on it")


def data_sharpen(arguments, out: Output) -> int:
    from pipeline.data.sharper import sharpen_dataset

    made = sharpen_dataset(
        current_workspace(), arguments.path, arguments.data, arguments.name, arguments.note, out.progress
    )
    lines = [
        f"{made.dataset.name}: {count(made.dataset.images, 'image')} of {count(made.dataset.lesions, 'lesion')}, "
        f"{made.sharper:,} with a sharper centre."
    ]
    lines += [f"  {row['image_id']}: {row['problem']}" for row in made.problems[:_NAMED]]
    if len(made.problems) > _NAMED:
        lines.append(f"  and {len(made.problems) - _NAMED:,} more whose copy could not be used.")
    out.answer({"name": made.dataset.name, "sharper": made.sharper, "problems": made.problems}, "\n".join(lines))
    return 0


def add_reserve(group) -> None:
    """Adds the command to the group `data`."""
    parser = add_command(
        group, "reserve", data_reserve,
        help="reserve a fifth of a data set's images, whole lesions with their near-twins: from then on they join no "
        "training and no choice, and judge a model only with `evaluate --part reserved`; for good, safe to repeat",
    )
    parser.add_argument("name", metavar="NAME", help="the data set")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another fifth; 0 unless given")


def data_reserve(arguments, out: Output) -> int:
    from pipeline.audit.near_twins import twins_within
    from pipeline.data.dataset import load_dataset
    from pipeline.data.reserved import reserve
    from pipeline.models.model_info import list_models

    workspace = current_workspace()
    dataset = load_dataset(workspace, arguments.name)
    found = reserve(workspace, dataset, twins_within(dataset, out.progress), arguments.seed)
    metadata = dataset.metadata()
    kept = metadata[metadata["image_id"].isin(found["images"])]
    counts = [(code, (kept["dx"] == code).sum(), (metadata["dx"] == code).sum()) for code in dataset.classes]
    for info in list_models(workspace):
        if info.data_hash == dataset.content_hash and info.created < found["created"]:
            out.warn(f"The model {info.name} was trained on {dataset.name} before, and may know some of them.")
    lines = [
        f"{dataset.name}: {count(len(kept), 'image')} of {count(kept['lesion_id'].nunique(), 'lesion')} are reserved, "
        f"with seed {found['seed']}; {count(found['near_twins'], 'pair')} of near-twins stayed together.",
        *(f"  {label(code)}: {n:,} of {of:,}" for code, n, of in counts),
    ]
    out.answer(
        {
            "name": dataset.name, "seed": found["seed"], "images": len(kept), "lesions": kept["lesion_id"].nunique(),
            "near_twins": found["near_twins"], "diagnoses": {code: int(n) for code, n, _ in counts},
        },
        "\n".join(lines),
    )
    return 0
