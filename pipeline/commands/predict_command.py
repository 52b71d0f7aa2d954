"""`predict`: a model's probabilities for image files and folders."""

from pathlib import Path
from typing import Any

from pipeline.commands.arguments import add_command
from pipeline.commands.image_files import image_files, shared_stems
from pipeline.commands.output import Output
from pipeline.commands.prediction_csv import check_csv_path, csv_columns, csv_text, write_csv
from pipeline.commands.prediction_parts import predict_in_parts
from pipeline.commands.prediction_set_output import checks_cell, set_cell, sets_object, sets_or_reason
from pipeline.files.workspace import current_workspace
from pipeline.number_words import UNDEFINED, count, percent
from pipeline.text_tables import table

_SAID = 3  # recognised images that have a sentence each; of more their number is told

def add_parsers(commands) -> None:
    parser = add_command(
        commands, "predict", predict,
        help="classify image files and folders; exit code 1 if an image could not be used (the others still are)",
    )
    parser.add_argument(
        "--model", required=True, metavar="RUN_OR_MODEL", help="the model, as `models list` names it, or its run"
    )
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH",
        help="image files, and folders that are searched for images (masks, *_segmentation.png, are left out)",
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE",
        help="write `image` (the file's stem) and a probability for each diagnosis, at full precision, to this file; "
        "of a cross-validation's networks also `recognised`, the training image that it is, and `network`, the fold "
        "whose network alone answered because it was trained without that lesion; last `set`, the diagnoses that fit "
        "at 90 %%, where the model held lesions out here",
    )
    parser.add_argument(
        "--format", choices=("codes", "isic"),
        help="columns of the csv: the model's codes in alphabetical order (default), or those of the ISIC 2018 "
        "challenge; without --csv the csv is printed",
    )
    parser.add_argument(
        "--parts", type=Path, metavar="FOLDER",
        help="for very many images: write the predictions to parquet files of a thousand images each in this folder, "
        "as they are made; the same command again goes on after the parts that are there",
    )
    parser.add_argument(
        "--decision", choices=("as-data", "balanced"),
        help="whose probabilities to write: as-data, the diagnoses as frequent as in the training images (default), or "
        "balanced, divided by those frequencies, so that all diagnoses weigh alike",
    )
    parser.add_argument(
        "--checks", action="store_true",
        help="check each picture, too: blurred, dark, ink, no lesion and the like; what fires stands in the column "
        "`checks` and in --json. That nothing fires does not make an image suitable",
    )
    parser.set_defaults(usage_error=parser.error)


def predict(arguments, out: Output) -> int:
    from pipeline.metrics.decisions import DECISIONS
    from pipeline.models.model_info import find_model
    from pipeline.models.notice import notice

    info = find_model(current_workspace(), arguments.model)
    decision, carry = _decision(info, arguments.decision)
    if arguments.parts:
        if arguments.csv or arguments.format:
            arguments.usage_error("--parts writes parquet files, so it goes without --csv and --format")
        return predict_in_parts(arguments, info, decision, carry, out)
    layout = arguments.format or "codes"
    csv_columns(info.classes, layout)
    if arguments.csv:
        check_csv_path(arguments.csv)
    files = image_files(arguments.paths)
    for stem, same in shared_stems(files).items():
        out.warn(f"{count(len(same), 'file')} share the name {stem}: {', '.join(map(str, same))}.")
    sets, why_no_sets = sets_or_reason(info, out)
    predictions, problems = classify(info, files, out, sets, arguments.checks)
    predictions[list(info.classes)] = carry(predictions[list(info.classes)].to_numpy(dtype="float32"))
    out.warn(f"Decision {decision}: {DECISIONS[decision]}.")
    if sets:
        out.warn(f"Sets of diagnoses that fit at 90 %, the same under each decision. {sets.held.origin}")
    out.warn(notice(info))
    if arguments.csv:
        write_csv(arguments.csv, _csv(info, predictions, layout, sets))
        out.warn(f"{count(len(predictions), 'image')} written to {arguments.csv}.")
    if out.json:
        images = prediction_objects(predictions, info)
        answer = {"model": info.name, "decision": decision, "images": images, "problems": problems,
                  "sets": sets_object(sets, why_no_sets), "notice": notice(info)}
        out.emit({**answer, "csv": arguments.csv})
    elif not arguments.csv:
        as_csv = arguments.format is not None
        out.text(_csv(info, predictions, layout, sets).rstrip("\n") if as_csv else _text(predictions, info, sets))
    return 1 if problems else 0


def _csv(info, predictions, layout: str, sets) -> str:
    more = [*(("recognised", "network") if info.folds else ()), *(("set",) if sets else ())]
    cells = {"set": predictions["set"].map(set_cell)}
    if "checks" in predictions:
        more, cells["checks"] = [*more, "checks"], predictions["checks"].map(checks_cell)
    return csv_text(predictions.assign(**cells), info.classes, layout, more)


def _decision(info, asked: str | None):
    """The name of the decision, and what carries the model's probabilities (images, diagnoses) over to it.

    Raises:
        ModelError: it was asked for and cannot be computed for this model.
    """
    import numpy as np

    from pipeline.models.decided_output import available_decisions, decided_output, model_priors

    priors = model_priors(current_workspace(), info)
    decision = asked or available_decisions(info, priors)[0]
    decided_output(info, np.full((1, len(info.classes)), 1 / len(info.classes)), priors, decision)
    return decision, lambda probabilities: decided_output(info, probabilities, priors, decision)


def classify(info, files: list[Path], out: Output, sets=None, checked: bool = False):
    """Probabilities of the readable `files` (a table as `predict_files` gives it) and the problems with the others;
    with the model's `sets` also those, and what checks of the pictures found if they are to be `checked`.

    Problems, images that the model should not be asked about and those that it was trained on are told on stderr as
    well.
    """
    from pipeline.inference.classifier import open_classifier
    from pipeline.inference.predict_files import predict_files
    from pipeline.models.notice import refusal
    from pipeline.models.recognition import Recognised, recognised_sentences

    problems: list[str] = []
    known: list[str] = []
    refused: dict[str, int] = {}
    seen = 0

    def advance() -> None:
        nonlocal seen
        seen += 1
        out.progress(seen / len(files), f"Classifies image {seen:,} of {len(files):,}.")

    def on_problem(path: Path, error: Exception) -> None:
        sentence = str(error) if path.name in str(error) else f"{path}: {error}"
        problems.append(sentence)
        out.warn(sentence)
        advance()

    def on_image(path: Path, generated: bool) -> None:
        if sentence := refusal(info, generated):
            refused[sentence] = refused.get(sentence, 0) + 1
        advance()

    def on_recognised(path: Path, recognised: Recognised) -> None:
        known.append(f"{path}: {recognised_sentences(info, recognised)}")

    predictor = open_classifier(current_workspace(), info)
    predictions = predict_files(predictor, files, on_problem, on_image, on_recognised, sets, checked)
    for sentence, number in refused.items():
        out.warn(f"Warning for {number:,} of {count(len(files), 'image')}: {sentence}")
    for sentence in known[:_SAID]:
        out.warn(sentence)
    if len(known) > _SAID:
        alone = predictions["network"].notna().sum()
        out.warn(f"{len(known):,} of {count(len(files), 'image')} are training images; {alone:,} of these have the "
                 "answer of the one network that was trained without their lesion, the others the mean of all.")
    return predictions, problems


def prediction_objects(predictions, info) -> list[dict[str, Any]]:
    """For each row: image, path, probabilities by code, the code with the highest; which training image it is, where a
    cross-validation's networks know it, and the fold whose network alone answered; and the set of diagnoses that fit
    with those of which too few lesions were held out to say, and both in words; what the checks found, if asked for.
    """
    from pipeline.models.prediction_sets import set_sentences

    objects = []
    for row in predictions.to_dict("records"):
        probabilities, found = {code: float(row[code]) for code in info.classes}, row["set"]
        predicted = max(info.classes, key=probabilities.__getitem__)
        objects.append({
            "image": row["image"], "path": row["path"], "probabilities": probabilities,
            "predicted": predicted, "recognised": row["recognised"],
            "network": row["network"],
            "set": None if found is None else list(found.codes),
            "set_undefined": None if found is None else list(found.undefined),
            "set_words": None if found is None else set_sentences(info, found, predicted),
            **({"checks": list(row["checks"])} if "checks" in row else {}),
        })
    return objects


def _text(predictions, info, sets) -> str:
    objects, classes = prediction_objects(predictions, info), info.classes
    if not objects:
        return "No image could be classified."
    rows = [[o["image"], o["predicted"], *(percent(o["probabilities"][code]) for code in classes)] for o in objects]
    header, known = ["image", "predicted", *classes], any(o["recognised"] for o in objects)
    if known:
        header += ["recognised", "network"]
        rows = [[*row, o["recognised"] or "–", "–" if o["network"] is None else str(o["network"])]
                for row, o in zip(rows, objects, strict=True)]
    if sets:
        header.append("set")
        rows = [[*row, set_cell(found) or UNDEFINED] for row, found in zip(rows, predictions["set"], strict=True)]
    if "checks" in predictions:
        header.append("checks")
        rows = [[*row, checks_cell(keys)] for row, keys in zip(rows, predictions["checks"], strict=True)]
    return table(header, rows, right=range(2, 2 + len(classes)))
