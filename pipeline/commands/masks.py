"""`data masks`: lesion masks for a data set that is there."""

from pathlib import Path

from pipeline.commands.arguments import add_command
from pipeline.commands.dataset_text import problem_line
from pipeline.commands.output import Output
from pipeline.number_words import count
from pipeline.workspace import current_workspace

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
        more = ", …" if len(found.unknown) > _NAMED else ""
        lines.append(
            f"{count(len(found.unknown), 'mask')} of images that {found.data} does not have: "
            f"{', '.join(found.unknown[:_NAMED])}{more}"
        )
    lines += map(problem_line, found.problems)
    out.answer(
        {
            "name": found.data, "masks": found.masks, "without": found.without, "unknown": found.unknown,
            "problems": found.problems,
        },
        "\n".join(lines),
    )
    return 0
