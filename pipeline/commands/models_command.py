"""`export`, `models list`, `models import`: models out of the workspace and into it."""

from pathlib import Path

from pipeline.commands.arguments import add_command, add_group
from pipeline.commands.output import Output
from pipeline.files.workspace import current_workspace
from pipeline.number_words import count, percent
from pipeline.text_tables import table

_FORMATS = """\
formats:
  bundle  a zip with everything that another LesionLab needs; `models import` brings it in
  onnx    one file for any ONNX runtime: uint8 pixels in, probabilities out; compared with the model before it is kept
  fastai  export.pkl for notebooks, which plain fastai opens: load_learner(file).predict(image); compared likewise.
          fastai does not turn images by their EXIF, and crops otherwise than LesionLab where the model crops.
  card    the model card alone, in Markdown"""


def add_parsers(commands) -> None:
    parser = add_command(
        commands, "export", export, help="write a model to a file: a bundle, ONNX, a fastai learner, or its card",
        epilog=_FORMATS,
    )
    parser.add_argument("model", metavar="RUN_OR_MODEL", help="the model, as `models list` names it, or its run")
    parser.add_argument("--format", required=True, choices=("bundle", "onnx", "fastai", "card"), help="see below")
    parser.add_argument("out", type=Path, metavar="OUT", help="the file to write, or a folder to write it into")
    models = add_group(commands, "models", "the models of the workspace")
    add_command(
        models, "list", models_list,
        help="every model that `predict --model` takes, newest first, the bundled one last",
    )
    parser = add_command(
        models, "combine", models_combine,
        help="make a model that is the mean of 2 to 5 others, or of one over an image's flips",
    )
    parser.add_argument("name", metavar="NAME", help="what to call it")
    parser.add_argument("members", nargs="+", metavar="MEMBER", help="a model, as `models list` names it, or its run")
    parser.add_argument(
        "--flips", action="store_true", help="each member averages over the image as it is, mirrored across, down, both"
    )
    parser = add_command(
        models, "import", models_import, help="bring in a bundle that `export` wrote; all of it is checked"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the bundle, a zip file")
    parser.add_argument("--name", metavar="NAME", help="what to call the model here (default: the name that it had)")


def export(arguments, out: Output) -> int:
    from pipeline.export.formats import export_model, left_out, place_for
    from pipeline.models.model_info import find_model
    from pipeline.models.notice import notice

    workspace = current_workspace()
    info = find_model(workspace, arguments.model)
    path = place_for(info, arguments.format, arguments.out)
    difference = export_model(workspace, info, arguments.format, path, out.progress)
    size = path.stat().st_size
    text = f"{path}: {info.name} as {arguments.format}, {size / 1e3:,.0f} kB."
    if difference is not None:
        text += f" Its probabilities differ from the model's by at most {difference:.1g} on test images."
    if sentence := left_out(info, arguments.format):
        out.warn(sentence)
    out.warn(notice(info))
    out.answer(
        {"model": info.name, "format": arguments.format, "file": str(path), "bytes": size, "difference": difference},
        text,
    )
    return 0


def models_list(arguments, out: Output) -> int:
    from pipeline.models.library import model_label, source_of
    from pipeline.models.model_info import damaged_models, list_models
    from pipeline.runs.summary import FIGURES

    workspace = current_workspace()
    models, rows = [], []
    for info in list_models(workspace):
        figures = info.validation and {key: info.validation.get(key) for key in FIGURES}
        label = model_label(info)
        models.append({
            "name": info.name, "source": source_of(workspace, info), "title": label.name or None,
            "description": label.note or None, "run": info.run, "data": info.data, "arch": info.arch,
            "networks": len(info.members) or len(info.folds) or 1, "classes": list(info.classes),
            "width": info.width, "height": info.height, "generated": info.generated,
            "split": info.split, "training_images": info.training_images, "training_lesions": info.training_lesions,
            "created": info.created, "validation": figures,
        })
        title = "bundled with LesionLab" if info.read_only else label.name or "–"
        rows.append([
            info.name, title, info.data, f"{len(info.folds)} × {info.arch}" if info.folds else info.arch,
            f"{info.width}×{info.height}", ", ".join(info.classes), percent((figures or {}).get("balanced_accuracy")),
        ])
    for error in damaged_models(workspace).values():
        out.warn(str(error))
    header = ["model", "title", "data set", "network", "pixels", "diagnoses", "balanced accuracy in validation"]
    text = table(header, rows, right=(4, 6)) if rows else "There is no model yet: `python -m pipeline demo` trains one."
    out.answer({"models": models}, text)
    return 0


def models_combine(arguments, out: Output) -> int:
    from pipeline.models.combined import combine, members_sentence
    from pipeline.models.notice import notice

    info = combine(current_workspace(), arguments.name, arguments.members, arguments.flips)
    out.warn(notice(info))
    members = [name for name, _ in info.members]
    out.answer(
        {"model": info.name, "members": members, "flips": info.flips, "classes": list(info.classes)},
        f"The model {info.name} is here. {members_sentence(info)} "
        f"`python -m pipeline evaluate {info.name} --data NAME` judges it on images that none of them was trained on.",
    )
    return 0


def models_import(arguments, out: Output) -> int:
    from pipeline.export.bundle_import import import_bundle
    from pipeline.models.notice import notice

    info = import_bundle(current_workspace(), arguments.file, arguments.name, out.progress)
    out.warn(notice(info))
    out.answer(
        {"model": info.name, "classes": list(info.classes), "arch": info.arch, "generated": info.generated},
        f"The model {info.name} is here: {len(info.classes)} diagnoses, "
        f"{info.arch}, trained on {count(info.training_images, 'image')} of {info.data}.",
    )
    return 0
