"""`predict --parts`: predictions of very many files as parquet files of a thousand each, written as they are made.

    FOLDER/parts.json  part-00000.parquet  part-00001.parquet  …

A row a file, in the order in which the files were given: `image` (the stem), `path`, a probability for each diagnosis,
`recognised` and `network` of a cross-validation's networks, `set`, `checks` where they were asked for, `warning` where
the model should not be asked about such an image, and `problem` where the file could not be used, in whose row all else
is empty. A part that is there is not made again.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from pipeline.commands.image_files import image_files
from pipeline.commands.output import Output
from pipeline.commands.prediction_set_output import checks_cell, set_cell, sets_object, sets_or_reason
from pipeline.errors import DataError, MissingFileError
from pipeline.files.bounds import Count, Word
from pipeline.files.disk import replace_file, write_json
from pipeline.files.records import read_record
from pipeline.files.workspace import current_workspace
from pipeline.number_words import count
from pipeline.shown import as_printed

PART = 1_000  # files
_ANOTHER = "Give --parts another folder."


class _Made(TypedDict):
    """`parts.json`: what the parts in its folder are of."""

    model: Word
    answers: Word
    decision: Word
    checks: bool
    files: Count
    paths: Word
    part: Count


def predict_in_parts(arguments, info, decision: str, carry: Callable, out: Output) -> int:
    """Does what the module says, and gives the exit code: 1 where a file could not be used.

    Raises:
        DataError: the folder is none, or holds the predictions of other files, of another model, or otherwise asked
            for.
        WorkspaceError: it cannot be written, or a part in it is damaged.
    """
    from pipeline.inference.classifier import open_classifier
    from pipeline.models.notice import notice

    folder, files = arguments.parts, image_files(arguments.paths)
    _begin(folder, _made(info, files, decision, arguments.checks))
    sets, why_no_sets = sets_or_reason(info, out)
    places = [folder / f"part-{number:05d}.parquet" for number in range(-(-len(files) // PART))]
    missing = [number for number, place in enumerate(places) if not place.exists()]
    if len(missing) < len(places):
        out.warn(f"{count(len(places) - len(missing), 'part')} of {len(places):,} are there already.")
    classifier = open_classifier(current_workspace(), info) if missing else None
    for done, number in enumerate(missing):
        some = files[number * PART : (number + 1) * PART]
        told = _Told(info, out, done * PART, min(len(missing) * PART, len(files)))
        table = _table(classifier, some, told, sets, arguments.checks)
        codes, used = list(info.classes), table["problem"].isna()
        table[codes] = table[codes].astype("float32")
        table.loc[used, codes] = carry(table.loc[used, codes].to_numpy())
        content = io.BytesIO()
        table.to_parquet(content, index=False)
        replace_file(places[number], content.getvalue())
    problems, warnings = _told_in(places)
    for sentence, images in warnings.items():
        out.warn(f"Warning for {images:,} of {count(len(files), 'file')}: {sentence}")
    out.warn(notice(info))
    answer = {"model": info.name, "decision": decision, "parts": str(folder), "files": len(files),
              "problems": problems, "warnings": warnings, "sets": sets_object(sets, why_no_sets),
              "notice": notice(info)}
    out.answer(answer, f"{count(len(files), 'file')} in {count(len(places), 'part')} in {folder}; "
                       f"{count(problems, 'file')} could not be used.")
    return 1 if problems else 0


def _told_in(places: list[Path]) -> tuple[int, dict[str, int]]:
    """How many files have a problem, and how many have each warning."""
    from pipeline.files.parquet import Column, read_table

    problems, warnings = 0, Counter[str]()
    for place in places:
        told = read_table(place, {"problem": Column(gaps=True), "warning": Column(gaps=True)}, _ANOTHER)
        problems += int(told["problem"].notna().sum())
        warnings.update(told["warning"].dropna())
    return problems, dict(warnings)


class _Told:
    """Hears of each file what came of it: problems and warnings by path; progress goes on."""

    def __init__(self, info, out: Output, before: int, of: int):
        self.problems: dict[Path, str] = {}
        self.warnings: dict[Path, str] = {}
        self._info = info
        self._out, self._seen, self._of = out, before, of

    def problem(self, path: Path, error: Exception) -> None:
        self.problems[path] = str(error)
        self._advance()

    def image(self, path: Path, generated: bool) -> None:
        from pipeline.models.notice import refusal

        if sentence := refusal(self._info, generated):
            self.warnings[path] = sentence
        self._advance()

    def _advance(self) -> None:
        self._seen += 1
        self._out.progress(min(self._seen / self._of, 1.0), f"Classifies image {self._seen:,} of {self._of:,}.")


def _made(info, files: list[Path], decision: str, checked: bool) -> _Made:
    from pipeline.models.weights_files import answers_digest

    paths = hashlib.sha256("\0".join(map(str, files)).encode("utf-8", "surrogateescape")).hexdigest()
    return {"model": info.name, "answers": answers_digest(current_workspace(), info), "decision": decision,
            "checks": checked, "files": len(files), "paths": paths, "part": PART}


def _begin(folder: Path, made: _Made) -> None:
    """Sees to it that the parts in the folder, if any, are of the same."""
    path = folder / "parts.json"
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is not a folder.", _ANOTHER)
    try:
        there = read_record(path, _Made, _ANOTHER)
    except MissingFileError:
        if folder.exists() and any(folder.iterdir()):
            raise DataError(f"The folder {folder} holds something else than parts of predictions.", _ANOTHER) from None
        write_json(path, made)
        return
    if there != made:
        raise DataError(f"The folder {folder} holds predictions of other files, of another model, or otherwise asked "
                        "for.", _ANOTHER)


def _table(classifier, files: list[Path], told: _Told, sets, checked: bool) -> Any:
    """The rows of a part."""
    import pandas as pd

    from pipeline.inference.predict_files import predict_files
    from pipeline.shown import valid

    found = predict_files(classifier, files, told.problem, told.image, sets=sets, checked=checked)
    used = [path for path in files if path not in told.problems]
    found.index = pd.Index([files.index(path) for path in used] if told.problems else range(len(used)))
    table = found.reindex(range(len(files)))
    table["path"] = [as_printed(path) for path in files]
    table["image"] = [as_printed(path.stem) for path in files]
    table["set"] = [None if cell is None or cell != cell else set_cell(cell) for cell in table["set"]]
    if checked:
        table["checks"] = [checks_cell(keys) if isinstance(keys, tuple) else None for keys in table["checks"]]
    table["recognised"] = table["recognised"].astype("str")
    table["network"] = table["network"].astype("Int64")
    for column, said in (("warning", told.warnings), ("problem", told.problems)):
        table[column] = pd.Series([valid(said[path]) if path in said else None for path in files], dtype="str")
    return table
