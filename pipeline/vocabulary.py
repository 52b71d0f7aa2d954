"""The closed sets of words that stand in files, in addresses and under `--json`: each declared once, for the type
checker and for whoever lists them.
"""

from typing import Literal, get_args

SplitKind = Literal["lesion", "lesion-test", "random", "all"]  # in words in `config.SPLITS`
Split = SplitKind | Literal["external"]  # none: a whole data set judges a model that was trained on other images
Part = Literal["train", "validation", "test"]  # of a split
HeldOutPart = Literal["validation", "test"]
AskedPart = Literal["reserved"]  # of a data set: what an evaluation may be asked for alone
AnsweredBy = Literal["fold", "mean"]  # of a cross-validation's networks: the one that left the image out, or all
Decision = Literal["as-data", "balanced"]  # in words in `metrics.decisions`
State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]  # of a run and of any other job
View = Literal["whole", "square"]  # a part of an image: all of it, or the central square over its shorter side
RunKind = Literal["training", "evaluation", "search", "bundled"]  # what can be asked of each: `runs.run_kind`
# dermoscopic, that ISIC 2018 (Task 2) has masks of
Criterion = Literal["pigment_network", "negative_network", "streaks", "milia_like_cyst", "globules"]
HeatmapOf = Literal["predicted", "truth"]  # the diagnosis that it explains
Work = Literal["training", "frozen", "validating", "judging", "features"]  # of an image: `reporter.COST`
TimePart = Literal["data", "features", "training", "validation", "judging", "explaining", "writing"]  # of a run's time
LanguageCode = Literal["en", "de"]  # of a class, in words in `languages.LANGUAGES`
RateVerdict = Literal["usable", "too_short", "flat", "rises"]  # on a learning-rate search, in words in `rate_rules`
LessonKind = Literal["model", "test"]  # about where the model errs, or drawn without looking at it
Asked = Literal["diagnosis", "malignancy"]  # of a seat; malignancy: malignant, in situ or precursor against benign
Arm = Literal["alone", "model-after", "model-first"]  # when a seat sees the model's answer
Stage = Literal["alone", "with-model"]  # of an answer
Sureness = Literal["guessing", "fairly sure", "sure"]
Form = Literal["A", "B"]  # of a lesson: two of the same strata with other lesions
ReadyLesson = Literal["sure-and-wrong", "two-cameras", "nevus-or-melanoma"]  # in words in `classroom.lesson_words`
Caveat = Literal[  # of a lesson, in words there
    "drawings", "source-not-recorded", "source-not-balanced", "akiec-one-source", "suspicious-nevi", "molemax",
    "small-pictures",
]
RoomMode = Literal["class", "hands", "self-paced", "kiosk"]
RoomPhase = Literal["waiting", "answering", "closed", "revealed", "ended"]
# why nothing came of it: no class of this code, or no seat in it; full; over; the item not open yet, or no longer;
# answered already; or what is asked for does not fit the class
RoomRefusal = Literal["no room", "no seat", "full", "ended", "not open", "closed", "locked", "unfitting"]
Missing = Literal["", "not answered", "not seen"]  # of an answer
RoomDeed = Literal["open", "close", "reveal", "end", "resume", "tally"]  # of an educator
# of an answer with the model after one without it: what came of it, and after what the model said
SwitchKind = Literal[
    "right-to-wrong-after-wrong", "right-to-wrong-after-right", "wrong-to-right-after-right",
    "wrong-to-right-after-wrong", "wrong-to-another-wrong", "right-kept", "wrong-kept",
]
Management = Literal["biopsy", "watch", "leave"]  # asked beside the diagnosis, never scored

PARTS: tuple[Part, ...] = get_args(Part)
HELD_OUT_PARTS: tuple[HeldOutPart, ...] = get_args(HeldOutPart)
STAGES: tuple[Stage, ...] = get_args(Stage)
SURENESS: tuple[Sureness, ...] = get_args(Sureness)  # the least sure first
MANAGEMENT: tuple[Management, ...] = get_args(Management)
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
NAMED_DECISIONS: tuple[Decision, ...] = get_args(Decision)
FORMS: tuple[Form, ...] = get_args(Form)
