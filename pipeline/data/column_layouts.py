"""Tables with a column for the image and one for its diagnosis, whatever these are called: the ISIC archive's own
`metadata.csv`, ISIC 2024's, PAD-UFES-20's, and any other that names both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.data.delimited import column_names, read_table
from pipeline.data.diagnosis_names import most_telling
from pipeline.data.guesses import Guesses
from pipeline.data.image_rights import RIGHTS, attributions, counted, licences, may_be_shown
from pipeline.data.member import Member
from pipeline.data.metadata import COLUMNS, FITZPATRICK, Rows, checked_rows, own_lesions
from pipeline.data.quotable import problems_of
from pipeline.data.sources import isic
from pipeline.errors import DataError
from pipeline.number_words import count

_HEAD = 2**16  # bytes, in which the header of a table of this kind ends
_LEVELS = tuple(f"diagnosis_{n}" for n in range(1, 6))
_SKIN_TYPES = {  # as they may be written, to how they are here
    written: name for n, name in enumerate(("I", "II", "III", "IV", "V", "VI"), start=1)
    for written in (name.lower(), f"{n}", f"{n}.0")
}
_PAD_UFES = {  # its codes in words; its SCC is Bowen's disease too, as ISIC 2019's is
    "ACK": "actinic keratosis", "BCC": "basal cell carcinoma", "MEL": "melanoma", "NEV": "nevus",
    "SCC": "squamous cell carcinoma", "SEK": "seborrheic keratosis",
}
PAD_UFES_RIGHTS = ("CC BY 4.0", "Pacheco et al. 2020, PAD-UFES-20, doi:10.17632/zr7vgbcyr2.1")
_TARGETS = {"0": "benign", "1": "malignant", "0.0": "benign", "1.0": "malignant"}  # of ISIC 2024
_FINER = tuple(f"iddx_{n}" for n in range(2, 6))


@dataclass(frozen=True)
class Columns:
    """The columns of a kind of table, as they may be called there; the first that a table has counts.

    Attributes:
        image, dx: what a table of the kind must have, one of each.
        others: COLUMNS, `fitzpatrick` and `dataset` to what they may be called.
    """

    image: tuple[str, ...]
    dx: tuple[str, ...]
    others: dict[str, tuple[str, ...]]

    def all(self) -> list[str]:
        return [*self.image, *self.dx, *(name for names in self.others.values() for name in names)]


_PATIENT = {
    "lesion_id": ("lesion_id", "lesion"), "age": ("age", "age_approx"), "sex": ("sex", "gender"),
    "localization": ("localization", "anatom_site_general", "anatom_site_general_challenge", "region", "location"),
    "dx_type": ("dx_type", "diagnosis_confirm_type"),
    FITZPATRICK: ("fitzpatrick_skin_type", "fitzpatrick", "fitspatrick", "skin_type"), "dataset": ("dataset",),
}
ISIC_ARCHIVE = Columns(("isic_id",), ("diagnosis_3", "diagnosis_1", "diagnosis_2", "diagnosis", "benign_malignant"),
                       _PATIENT)
ISIC_2024 = Columns(("isic_id",), ("iddx_1", "target"), _PATIENT)
PAD_UFES = Columns(("img_id",), ("diagnostic",), _PATIENT)
ANY = Columns(
    ("image_id", "image", "image_name", "img_id", "isic_id", "bcn_filename", "filename", "file_name", "image_file",
     "image_path", "file"),
    ("dx", "diagnosis", "diagnostic", "diagnosis_3", "label", "class", "benign_malignant"), _PATIENT,
)


def _first(names: Sequence[str], there: dict[str, str]) -> str | None:
    return next((there[name] for name in names if name in there), None)


def has_columns(table: Member, columns: Columns) -> bool:
    """Whether the header of the file has a column for the image and one for the diagnosis; False where it cannot be
    read."""
    if not table.is_table:
        return False
    try:
        there = {name.casefold(): name for name in column_names(table.start(_HEAD), table.said)}
    except DataError:
        return False
    return _first(columns.image, there) is not None and _first(columns.dx, there) is not None


def _read(table: Member, columns: Columns, also: Sequence[str], guesses: Guesses) -> pd.DataFrame:
    """COLUMNS, `fitzpatrick` and `dataset` as the table has them, NA where it lacks one, and `also`."""
    content = table.read()
    there = {name.casefold(): name for name in column_names(content[:_HEAD], table.said)}
    places = {"image_id": _first(columns.image, there), "dx": _first(columns.dx, there)}
    if places["image_id"] is None or places["dx"] is None:
        raise DataError(f"{table.said} has no column for the image or for its diagnosis.",
                        f"The table needs one of {', '.join(columns.image)} and one of {', '.join(columns.dx)}.")
    places |= {ours: _first(names, there) for ours, names in columns.others.items()}
    wanted = [place for place in places.values() if place is not None]
    beside = tuple(name for name in also if name not in {place.casefold() for place in wanted})
    kept = read_table(content, table.said, wanted, beside, guesses.notes)
    absent = pd.Series(pd.NA, index=kept.index, dtype="str")
    raw = pd.DataFrame({ours: absent if place is None else kept[place] for ours, place in places.items()})
    read = [f"{place} as {ours}" for ours, place in places.items() if place is not None and place.casefold() != ours]
    if read:
        guesses.notes.append(f"Columns read under other names: {', '.join(read)}.")
    by_name = {place.casefold(): kept[place] for place in wanted}
    return raw.assign(**{f"also_{name}": by_name[name] if name in by_name else kept.get(name, absent) for name in also})


def _skin_types(written: pd.Series, notes: list[str]) -> pd.Series:
    """I to VI, NA where none is written; adds to `notes` how many images have each."""
    types = written.str.strip().str.lower().str.removeprefix("type ").map(_SKIN_TYPES).astype("str")
    counts = types.value_counts().sort_index()
    if len(counts):
        said = ", ".join(f"{kind} {n:,}" for kind, n in counts.items())
        notes.append(f"The Fitzpatrick skin type is recorded for {counts.sum():,} of {len(types):,} images: {said}.")
    return types


def _finished(raw: pd.DataFrame, table: Member, guesses: Guesses, rights: tuple[str, str] | None,
              notes: Sequence[str] = ()) -> Rows:
    lesions, alone = own_lesions(raw["image_id"], raw["lesion_id"])
    skin = _skin_types(raw[FITZPATRICK], guesses.notes)
    kept = raw[[*COLUMNS, "dataset", *raw.columns.intersection([*RIGHTS], sort=False)]].assign(
        lesion_id=lesions, **{FITZPATRICK: skin})
    rows, problems = checked_rows(kept, table.said, guesses)
    return Rows(rows, problems, [*guesses.notes, *notes, *alone], rights)


def any_rows(table: Member, guesses: Guesses) -> Rows:
    """What any table says that names images and their diagnoses.

    Raises:
        DataError: it cannot be read, or names diagnoses that LesionLab does not know.
    """
    return _finished(_read(table, ANY, (), guesses), table, guesses, None)


def pad_ufes_rows(table: Member, guesses: Guesses) -> Rows:
    """What PAD-UFES-20's table says; a lesion is one of its patient's. Raises as `any_rows`."""
    raw = _read(table, PAD_UFES, ("patient_id", "biopsed"), guesses)
    patient, lesion = raw["also_patient_id"].fillna(""), raw["lesion_id"]
    raw["lesion_id"] = (patient + "-" + lesion).str.removeprefix("-")
    raw["dx"] = raw["dx"].str.upper().map(_PAD_UFES).fillna(raw["dx"])
    raw["dx_type"] = raw["also_biopsed"].str.lower().map({"true": "histo"}).astype("str")
    return _finished(raw, table, guesses, PAD_UFES_RIGHTS, (
        "Its images are photographs taken with smartphones, not dermatoscopic images.",
    ))


def isic_archive_rows(table: Member, guesses: Guesses) -> Rows:
    """What the ISIC archive's own table says, with the licence and attribution of each image. Raises as `any_rows`."""
    raw = _read(table, ISIC_ARCHIVE, (*_LEVELS, "attribution", "copyright_license", "image_type"), guesses)
    levels = raw[[f"also_{level}" for level in _LEVELS]].fillna("")
    if (levels != "").any(axis=None):
        raw["dx"] = [most_telling(list(row)) or None for row in levels.itertuples(index=False)]
        raw["dx"] = raw["dx"].astype("str")
    raw["dx_type"] = raw["dx_type"].str.lower().replace(isic.CONFIRM_TYPES)
    raw, rights = _with_rights(raw)
    return _finished(raw, table, guesses, rights, _image_types(raw["also_image_type"]))


def _with_rights(raw: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, str]]:
    """With the licence and attribution of each image; and those of all, counted. Who gave an image counts as its source
    where several gave some."""
    given = raw["also_attribution"]
    source = given.where(given.map(may_be_shown).astype(bool)) if given.nunique() > 1 else None
    raw = raw.assign(licence=licences(raw["also_copyright_license"]), attribution=attributions(given),
                     dataset=raw["dataset"] if source is None else raw["dataset"].fillna(source))
    return raw, (counted(raw["licence"]), f"ISIC archive: {counted(raw['attribution'])}")


def isic_2024_rows(table: Member, guesses: Guesses) -> Rows:
    """What ISIC 2024's table says: benign and malignant, which stay diagnoses of their own; the few finer ones do not
    stand beside them. Raises as `any_rows`."""
    also = ("iddx_1", "target", *_FINER, "patient_id", "attribution", "copyright_license", "image_type")
    raw = _read(table, ISIC_2024, also, guesses)
    target = raw["also_target"].map(_TARGETS).astype("str")
    raw["dx"] = raw["also_iddx_1"].fillna(target)
    malignant = raw["dx"].str.strip().str.lower() == "malignant"
    contradictory = raw["dx"].notna() & target.notna() & (malignant != (target == "malignant"))
    problems = problems_of(raw.loc[contradictory, "image_id"], "its target and its iddx_1 contradict each other")
    raw = raw[~contradictory].copy()
    raw, rights = _with_rights(raw)
    rows = _finished(raw, table, guesses, rights, [*_of_patients(raw), *_of_finer(raw),
                                                   *_image_types(raw["also_image_type"])])
    return replace(rows, problems=problems + rows.problems)


def _of_patients(raw: pd.DataFrame) -> list[str]:
    patients = raw["also_patient_id"].nunique()
    if not patients:
        return []
    return [f"Its {len(raw):,} images are of {count(patients, 'patient')}, whom a split does not keep together: it "
            "knows lesions alone."]


def _of_finer(raw: pd.DataFrame) -> list[str]:
    finer = raw[[f"also_{column}" for column in _FINER]].notna().any(axis=1).sum()
    if not finer:
        return []
    return [f"Diagnoses finer than benign and malignant are recorded for {finer:,} of {len(raw):,} images alone, and "
            "are not used."]


def _image_types(written: pd.Series) -> list[str]:
    """A note on images that are no dermatoscopic ones."""
    kinds = written.str.strip().str.lower()
    others = kinds[kinds.notna() & ~kinds.str.startswith("dermoscopic", na=False)]
    if others.empty:
        return []
    return ["Not dermatoscopic, as the table says (clinical photographs, or tiles of total-body photographs): "
            f"{len(others):,} of {len(kinds):,} images."]
