"""What seats say beside an answer, in words of the catalogues."""

from pipeline.languages import marked
from pipeline.vocabulary import Management, Missing, Stage, Sureness, SwitchKind

SURE_WORDS: dict[Sureness, str] = {
    "guessing": marked("guessing"), "fairly sure": marked("fairly sure"), "sure": marked("sure"),
}
MANAGEMENT_WORDS: dict[Management, str] = {
    "biopsy": marked("Biopsy"), "watch": marked("Watch"), "leave": marked("Leave"),
}
MISSING_WORDS: dict[Missing, str] = {
    "": "", "not answered": marked("not answered"), "not seen": marked("not seen"),
}
STAGE_WORDS: dict[Stage, str] = {"alone": marked("Without the model"), "with-model": marked("With the model")}
SWITCH_WORDS: dict[SwitchKind, str] = {
    "right-to-wrong-after-wrong": marked("Right to wrong, after a wrong model"),
    "right-to-wrong-after-right": marked("Right to wrong, though the model was right"),
    "wrong-to-right-after-right": marked("Wrong to right, after a right model"),
    "wrong-to-right-after-wrong": marked("Wrong to right, though the model was wrong"),
    "wrong-to-another-wrong": marked("Wrong to another wrong answer"),
    "right-kept": marked("Right kept"),
    "wrong-kept": marked("Wrong kept"),
}
