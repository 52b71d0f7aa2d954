"""The clinical words of a class in its language: diagnoses, how a reference diagnosis was made, patients, structures.

What the project's tables do not know (a diagnosis of one's own, a site) is said as the data set writes it.
"""

import math

from pipeline.classes import DIAGNOSES
from pipeline.data.tables import MISSING, TRUTH_WORDS
from pipeline.languages import Language, marked

# answers to the question of malignancy, which knows in situ and precursor beside malignant (`pipeline/classes.py`)
MALIGNANCY: dict[str, str] = {
    "malignant": marked("Malignant, in situ or precursor"),
    "benign": marked("Benign"),
}
MALIGNANT_MEANS = marked(
    "Malignant, in situ or precursor: melanoma, basal cell carcinoma, actinic keratosis or Bowen's disease.")
SEXES: dict[str, str] = {"male": marked("male"), "female": marked("female")}
# those of HAM10000, and of the ISIC archive
SITES: dict[str, str] = {site: site for site in (
    marked("abdomen"), marked("acral"), marked("back"), marked("chest"), marked("ear"), marked("face"), marked("foot"),
    marked("genital"), marked("hand"), marked("lower extremity"), marked("neck"), marked("scalp"), marked("trunk"),
    marked("upper extremity"), marked("anterior torso"), marked("posterior torso"), marked("lateral torso"),
    marked("torso"), marked("head/neck"), marked("oral/genital"), marked("palms/soles"),
)}
# six groups of structures on which raters agree (PMC9892985)
STRUCTURES: dict[str, str] = {
    "dots": marked("dots"), "globules": marked("globules"), "lines": marked("lines"),
    "network": marked("pigment network"), "regression": marked("regression"), "vessels": marked("vessels"),
}
# the five criteria that ISIC 2018 (Task 2) has masks of
CRITERIA: dict[str, str] = {
    "pigment_network": marked("pigment network"), "negative_network": marked("negative pigment network"),
    "globules": marked("globules"), "streaks": marked("streaks"), "milia_like_cyst": marked("milia-like cysts"),
}
# what the figures of a class are called in a report
FIGURES: dict[str, str] = {
    "sensitivity": marked("Sensitivity"), "specificity": marked("Specificity"),
    "positive_predictive_value": marked("Positive predictive value"),
    "negative_predictive_value": marked("Negative predictive value"), "accuracy": marked("Accuracy"),
    "balanced_accuracy": marked("Balanced accuracy"), "interval": marked("95 % confidence interval"),
    "prevalence": marked("Prevalence"), "threshold": marked("Threshold"), "confusion": marked("Confusion matrix"),
}
COURSE, CASE = marked("Course"), marked("Case")
BLUE_WHITISH_VEIL = marked("blue-whitish veil")


def diagnosis(language: Language, code: str) -> str:
    """ "Melanoma", "Melanom (auch in situ)"."""
    return language.say(DIAGNOSES[code].name) if code in DIAGNOSES else code


def covers(language: Language, code: str) -> str:
    """What a diagnosis of the table covers; "" for another one."""
    return language.say(DIAGNOSES[code].covers) if code in DIAGNOSES else ""


def answer_words(language: Language, asks: str, answer: str) -> str:
    """An answer in words: a diagnosis, or a side of malignancy where `asks` is that."""
    return language.say(MALIGNANCY[answer]) if asks == "malignancy" else diagnosis(language, answer)


def made_words(language: Language, dx_type: str) -> str:
    """How a reference diagnosis was made: "histology", "histologisch gesichert"."""
    if not dx_type or dx_type in MISSING:
        return language.say("how it was made is not recorded")
    return language.say(TRUTH_WORDS[dx_type]) if dx_type in TRUTH_WORDS else dx_type


def patient_words(language: Language, age: float | None, sex: str, site: str) -> str:
    """ "55 years, female, back": what is recorded of it; "" where nothing is.

    Args:
        age: in years.
        sex, site: as the data set has them, "" where they are not recorded.
    """
    years = "" if age is None or not math.isfinite(age) else language.say_count("{number} year", "{number} years",
                                                                                  round(age))
    said = [_known(language, SEXES, sex), _known(language, SITES, site)]
    return ", ".join(filter(None, [years, *said]))


def _known(language: Language, table: dict[str, str], level: str) -> str:
    if level in MISSING:
        return ""
    return language.say(table[level]) if level in table else level
