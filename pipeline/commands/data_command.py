"""`data import` and `data list`; the other commands of the group are in files of their own."""

from pathlib import Path
from typing import get_args

from pipeline.commands.arguments import add_command, add_group
from pipeline.commands.audit_command import add_audit
from pipeline.commands.data_changes_command import add_criteria, add_masks, add_reserve, add_sharpen
from pipeline.commands.dataset_text import dataset_answer, dataset_text
from pipeline.commands.fetch_command import add_fetch
from pipeline.commands.output import Output
from pipeline.errors import DataError
from pipeline.files.workspace import current_workspace
from pipeline.text_tables import table
from pipeline.vocabulary import View


def add_parsers(commands) -> None:
    group = add_group(commands, "data", "the data sets of the workspace")
    parser = add_command(
        group, "import", data_import,
        help="import a zip archive or a folder: HAM10000_metadata.csv with its images, the files of ISIC 2018 (Task 3) "
        "or ISIC 2019, ISIC 2024's train-image.hdf5 with its train-metadata.csv, the labels of ISIC 2018's Tasks 1 and "
        "2, the ISIC archive's or PAD-UFES-20's metadata.csv with "
        "its images, one folder of images for each diagnosis, or any table that names images and their diagnoses; safe "
        "to repeat",
    )
    parser.add_argument(
        "path", metavar="PATH", type=Path, nargs="?",
        help="the zip archive, the folder or the HDF5 file; may be left out to add --sources to a data set that is "
        "already there",
    )
    parser.add_argument("--name", required=True, metavar="NAME", help="what the data set is called from now on")
    parser.add_argument(
        "--sources", type=Path, metavar="CSV",
        help="a csv with the columns image_id and dataset, naming where each image comes from; for a data set that "
        "is already there, too",
    )
    parser.add_argument(
        "--table", type=Path, metavar="CSV", help="the table with the diagnoses, where it does not lie in PATH; or an "
        "archive or folder that holds it",
    )
    parser.add_argument(
        "--view", choices=get_args(View), help="what the images show of their originals: the whole, or the central "
        "square of the shorter side; unless given, what the layout tells, else whole",
    )
    parser.add_argument(
        "--fill", type=Path, metavar="PATH2", help="an archive or folder of whole images: for --view square, what PATH "
        "lacks is made from their central squares",
    )
    parser.add_argument(
        "--map", metavar="NAME=CODE,…", dest="mapping", help="what diagnoses are that LesionLab does not know by their "
        'names, such as "solar lentigo=bkl,lentigo simplex=none"; none leaves one out. Without it the import says '
        "which names need it, and proposes what it can",
    )
    add_fetch(group)
    add_audit(group)
    add_masks(group)
    add_criteria(group)
    add_sharpen(group)
    add_reserve(group)
    add_command(group, "list", data_list, help="every data set with its images, lesions and diagnoses")


def data_import(arguments, out: Output) -> int:
    from pipeline.data.importing import import_dataset, set_sources
    from pipeline.data.naming import parse_naming

    workspace, path, sources = current_workspace(), arguments.path, arguments.sources
    of_images = {"table": arguments.table, "fill": arguments.fill, "view": arguments.view, "mapping": arguments.mapping}
    if path is None and sources is None:
        raise DataError("There is nothing to import.", "Give the PATH of an archive or folder, or --sources CSV.")
    if path is None and any(of_images.values()):
        raise DataError("--table, --fill, --view and --map are for images, and none are given.",
                        "Give the PATH of an archive or folder.")
    if arguments.mapping is not None:
        of_images["mapping"] = parse_naming(arguments.mapping)
    if path is None:
        dataset = set_sources(workspace, arguments.name, sources)
    else:
        dataset = import_dataset(workspace, path, arguments.name, sources=sources, progress=out.progress, **of_images)
    out.answer(dataset_answer(dataset), dataset_text(dataset))
    return 0


def data_list(arguments, out: Output) -> int:
    from pipeline.data.dataset import damaged_datasets, list_datasets
    from pipeline.data.reserved import reserved_images

    datasets = list_datasets(current_workspace())
    for error in damaged_datasets(current_workspace()).values():
        out.warn(str(error))
    answer = [
        {
            "name": d.name, "images": d.images, "lesions": d.lesions, "diagnoses": d.diagnoses,
            "generated": d.generated, "problems": len(d.problems), "content_hash": d.content_hash, "view": d.view,
            "reserved": len(reserved_images(d)),
        }
        for d in datasets
    ]
    rows = [
        [
            d.name, f"{d.images:,}", f"{d.lesions:,}", ", ".join(sorted(d.diagnoses)), f"{len(d.problems):,}",
            "generated" if d.generated else "",
        ]
        for d in datasets
    ]
    header = ["data set", "images", "lesions", "diagnoses", "problems", ""]
    text = table(header, rows, right=(1, 2, 4)) if rows else (
        "There is no data set yet: `python -m pipeline data import PATH --name NAME` brings one, "
        "`python -m pipeline demo` draws one."
    )
    out.answer({"datasets": answer}, text)
    return 0
