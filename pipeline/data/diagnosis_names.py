"""What diagnoses are called elsewhere: which names say the same as a code, which a person has to confirm, and which are
never guessed.

The same are spellings and plurals of what a code's own name covers as a whole. A name of a part of it (seborrheic
keratosis of bkl), or one that another code could take too (actinic keratosis: ak or akiec), is a proposal. Invasive
squamous cell carcinoma is scc and never akiec. "Benign" and "malignant" are diagnoses of their own, never nv or mel.
"""

import re
import unicodedata

from pipeline.classes import DIAGNOSES

LEFT_OUT = "none"  # in place of a code
BROAD = ("benign", "malignant")  # each holds many of the other diagnoses, so it stands beside none of them
MOST_NAME = 60  # characters
_QUOTABLE = re.compile(r"[\w][\w \-./(),'’&+:]*")
_SPELLINGS = (("naev", "nev"), ("haem", "hem"), ("rrhoei", "rrhei"), ("tumour", "tumor"), ("bowens", "bowen"))

_SAME = {
    "mel": "melanoma; melanomas; malignant melanoma; melanoma nos; melanoma in situ; melanoma invasive; "
    "invasive melanoma; malignant melanomas",
    "nv": "nevus; nevi; melanocytic nevus; melanocytic nevi; nevus nos; nevus melanocytic",
    "bcc": "basal cell carcinoma; basal cell carcinomas; basal cell carcinoma nos; basalioma",
    "scc": "squamous cell carcinoma; squamous cell carcinomas; squamous cell carcinoma nos; "
    "squamous cell carcinoma invasive; invasive squamous cell carcinoma",
    "akiec": "actinic keratosis or bowen disease; actinic keratosis and bowen disease; "
    "actinic keratoses and intraepithelial carcinoma; actinic keratoses and intraepithelial carcinomas; "
    "actinic keratosis intraepithelial carcinoma; actinic keratoses and intraepithelial carcinoma bowen disease; "
    "actinic keratosis bowen disease",
    "bkl": "benign keratosis; benign keratoses; benign keratosis like lesion; benign keratosis like lesions",
    "df": "dermatofibroma; dermatofibromas",
    "vasc": "vascular lesion; vascular lesions; vascular skin lesion; vascular skin lesions; "
    "vascular lesion or hemorrhage",
    "unk": "none of the others",
    "benign": "benign lesion; benign lesions",
    "malignant": "malignant lesion; malignant lesions",
}
_PROPOSED = {
    "mel": "lentigo maligna; lentigo maligna melanoma; melanoma in situ lentigo maligna type; "
    "superficial spreading melanoma; nodular melanoma; acral lentiginous melanoma; lmm; "
    "malignant melanocytic proliferations melanoma",
    "nv": "atypical nevus; dysplastic nevus; common nevus; blue nevus; spitz nevus; reed nevus; congenital nevus; "
    "halo nevus; compound nevus; junctional nevus; dermal nevus; clark nevus; recurrent nevus; nev; "
    "nevus spitz; nevus congenital; nevus blue; nevus atypical dysplastic or clark",
    "akiec": "actinic keratosis; actinic keratoses; solar keratosis; solar or actinic keratosis; bowen disease; "
    "morbus bowen; squamous cell carcinoma in situ; squamous cell carcinoma in situ bowen disease; "
    "intraepithelial carcinoma; ack",
    "bkl": "seborrheic keratosis; seborrheic keratoses; solar lentigo; solar lentigines; pigmented benign keratosis; "
    "pigmented benign keratoses; lichen planus like keratosis; lichen planus like keratoses; lichenoid keratosis; "
    "lplk; sek",
    "vasc": "angioma; angiomas; hemangioma; hemangiomas; cherry angioma; cherry hemangioma; angiokeratoma; "
    "pyogenic granuloma; hemorrhage; subungual hemorrhage; intracorneal hemorrhage",
}
_UNDECIDED = (
    "lentigo; lentigo nos; lentigo simplex; simple lentigo; atypical melanocytic proliferation; "
    "atypical intraepithelial melanocytic proliferation; atypical melanocytic neoplasm; indeterminate; "
    "indeterminate benign; indeterminate malignant; indeterminate melanocytic proliferations; "
    "indeterminate epidermal proliferations; unknown; not known; other; others"
)


def plain(words: str) -> str:
    """A name as it is compared: small letters and blanks, accents and apostrophes gone, British spelling as American.

    Letters of other scripts stay.
    """
    letters = unicodedata.normalize("NFKD", words.casefold().replace("'", "").replace("’", ""))
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    name = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", letters)).strip()
    for british, american in _SPELLINGS:
        name = name.replace(british, american)
    return name


def _by_name(table: dict[str, str]) -> dict[str, str]:
    return {name: code for code, names in table.items() for name in names.split("; ")}


SAME: dict[str, str] = {**{code: code for code in DIAGNOSES}, **_by_name(_SAME)}
PROPOSED: dict[str, str] = _by_name(_PROPOSED)
UNDECIDED = frozenset(_UNDECIDED.split("; "))
NAMED = frozenset({*SAME, *PROPOSED, *UNDECIDED})


def may_be_named(words: object) -> bool:
    """Whether a name that is not ours is short and plain enough to be shown, and can be compared."""
    return (
        isinstance(words, str) and len(words) <= MOST_NAME and _QUOTABLE.fullmatch(words) is not None
        and plain(words) != ""
    )


def most_telling(levels: list[str]) -> str:
    """The name that decides, of the ISIC archive's `diagnosis_1` to `diagnosis_5` from the broadest to the finest.

    It is that of `diagnosis_3`, unless a finer one says another diagnosis or one that is never guessed, or the finest
    that is known where that one is not. Empty where nothing is written.
    """
    names = [plain(level) for level in levels]
    third = names[2] if len(names) > 2 else ""
    meaning = {**SAME, **PROPOSED}
    for level, name in zip(reversed(levels[3:]), reversed(names[3:]), strict=True):
        if name in NAMED and (name in UNDECIDED or meaning[name] != meaning.get(third)):
            return level
    if third:
        return levels[2]
    return next((level for level in reversed(levels) if level), "")
