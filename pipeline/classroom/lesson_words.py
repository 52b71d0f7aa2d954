"""The words that drawn lessons begin with: English, under which catalogues have other languages' words."""

from dataclasses import dataclass

from pipeline.languages import marked
from pipeline.vocabulary import Caveat, LessonKind, ReadyLesson


@dataclass(frozen=True)
class About:
    """A lesson's title, its aim, and questions to ask the class."""

    title: str
    aim: str
    questions: tuple[str, ...] = ()


DRAWN: dict[LessonKind, About] = {
    "model": About(
        marked("Where the model errs"),
        marked("Notice when to keep your own answer and when to change it."),
        (
            marked("What did you see that the model did not?"),
            marked("When did you follow it although you had been right?"),
        ),
    ),
    "test": About(
        marked("A test"),
        marked("Compare the class, the model, and the class with the model."),
        (
            marked("Which images did nearly everybody have wrong?"),
            marked("How often was somebody who was sure also right?"),
        ),
    ),
}
OWN_MIX = About(
    marked("At the collection's own mix"),
    marked("Answer where most lesions are benign: practice on many malignant ones makes one call too much malignant."),
)
READY: dict[ReadyLesson, About] = {
    "sure-and-wrong": About(
        marked("When it is sure and wrong"),
        marked("Experience that a high probability proves nothing: the model is sure of most of these images, and "
               "wrong about a third of them."),
        (
            marked("Could its probabilities have told you where the model was wrong?"),
            marked("What in the picture speaks against the model?"),
            marked("How would you work with a colleague who is sure when wrong?"),
        ),
    ),
    "two-cameras": About(
        marked("The same lesion, two cameras"),
        marked("See that another camera changes the picture, though not the lesion, and with it the model's answer: "
               "some melanomas are shown twice, among nevi from the same two cameras."),
        (
            marked("Which two pictures show the same lesion?"),
            marked("What differs between them: colour, light, magnification?"),
            marked("Where does the model's answer change with the camera?"),
        ),
    ),
    "nevus-or-melanoma": About(
        marked("Nevus or melanoma?"),
        marked("Tell melanomas from nevi, most of which looked suspicious enough for a biopsy: alone first, then with "
               "the model."),
        (
            marked("Which criteria did you use, and on which images did they fail?"),
            marked("Which melanomas did both the class and the model miss?"),
            marked("How many nevi would you have excised so that one melanoma fewer is missed?"),
        ),
    ),
}
CAVEATS: dict[Caveat, str] = {
    "drawings": marked("These are drawings: for rehearsal, not for learning dermoscopy."),
    "source-not-recorded": marked("The image source is not recorded, so nobody can say whether the camera gives "
                                  "diagnoses away."),
    "source-not-balanced": marked("The image sources differ in their diagnoses, so the camera can be a clue."),
    "akiec-one-source": marked("Nearly all images of actinic keratosis or Bowen's disease in HAM10000 come from one "
                               "source, so the camera is a clue to them."),
    "suspicious-nevi": marked("Nevi with histology looked suspicious enough for a biopsy; everyday nevi look plainer."),
    "molemax": marked("Images of vidir_molemax are nearly all of nevi in follow-up; here the camera is the subject."),
    "small-pictures": marked("Some pictures have fewer than 450 pixels on the short side: dots and network cannot be "
                             "judged on them."),
}
