"""The tour's stops: which image of the bundled run stands for which claim, what is recorded of its patient, and what to
ask. To exchange one, give another image of the claim's; `tests/app/test_tour_page.py` names some where one fails.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.classroom import tour_claims as claims
from pipeline.classroom.tour_claims import Claim, Told


class Patient(NamedTuple):
    """What HAM10000 records of an image, for whoever has not imported it: years, sex, site, and `dx_type`."""

    age: float
    sex: str
    localization: str
    dx_type: str


@dataclass(frozen=True)
class Stop:
    """One error of the tour.

    Attributes:
        ask: what to talk about once the answer stands there.
        more: a sentence of figures that need the images' metadata; "" without it.
        threshold: for melanoma, 0..1, at which the page Evaluation is to be opened.
    """

    image_id: str
    patient: Patient
    claim: Claim
    ask: str
    more: Callable[[Told, str], str] | None = None
    threshold: float | None = None


_THRESHOLD = 0.35

STOPS: tuple[Stop, ...] = (
    Stop("ISIC_0027793", Patient(35, "female", "neck", "histo"), claims.surest_miss("mel"),
         "What did the network go by? Which camera took the picture, and what did that camera usually take?",
         claims.its_source),
    Stop("ISIC_0029859", Patient(75, "male", "abdomen", "histo"), claims.missed_here_alone("mel", "nv"),
         "The lesion is the same. What differs between the pictures, and what of it should decide?",
         claims.both_sources),
    Stop("ISIC_0026506", Patient(40, "female", "trunk", "histo"), claims.called_here_alone("mel", "vasc", 0.7),
         "What else is in the picture? Look at the small red spot beside the lesion."),
    Stop("ISIC_0032905", Patient(40, "male", "chest", "histo"), claims.called_so_each_time("nv", "mel", 0.8),
         "Three equal answers are not three opinions. What would a dermatologist decide here without histology?"),
    Stop("ISIC_0025716", Patient(85, "male", "face", "histo"),
         claims.sure_error("bkl", "mel", 0.8, "A false alarm, and not the only one"),
         "What does a false alarm cost here, and what does a missed melanoma cost?"),
    Stop("ISIC_0024539", Patient(70, "male", "face", "histo"),
         claims.sure_error("akiec", "bkl", 0.9, "A precursor or carcinoma in situ behind a sure benign answer"),
         "What would you look for before you believed a sure benign answer on sun-damaged skin?"),
    Stop("ISIC_0031520", Patient(75, "male", "chest", "histo"), claims.an_answer_each("bcc"),
         "Which of the pictures would you have shown the network? What follows for one picture alone?"),
    Stop("ISIC_0033860", Patient(45, "male", "abdomen", "consensus"), claims.turned_by_the_decision("df", "nv"),
         "How frequent is each diagnosis in your clinic? Which of the two answers fits it?"),
    Stop("ISIC_0033803", Patient(40, "female", "neck", "histo"), claims.sure_either_way("nv", "vasc", 0.9),
         "Does colour alone make the diagnosis?"),
    Stop("ISIC_0031941", Patient(55, "male", "trunk", "histo"), claims.flagged_by_a_threshold("mel", _THRESHOLD),
         "What else does such a threshold flag, and who has to look at all of it?", threshold=_THRESHOLD),
)
