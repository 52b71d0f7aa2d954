"""The sentences of a class's report in a language: who took part, what the lesson was, and what it says nothing of."""

from pipeline.classroom.answer_terms import MISSING_WORDS
from pipeline.classroom.answers import LEAST_SEATS_SHOWN
from pipeline.classroom.clinical_terms import answer_words, diagnosis, made_words
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.lesson_caveats import lesson_caveats
from pipeline.classroom.lesson_words import CAVEATS
from pipeline.export.room_report import ReportItem, RoomReport
from pipeline.files.workspace import error_words
from pipeline.languages import Language

_HAM10000 = "HAM10000"  # as its attribution names it


def about_class(report: RoomReport, language: Language) -> str:
    """ "Class ABCD, 28 November 2026"."""
    return language.say("Class {code}, {date}", code=report.code, date=language.date(report.created))


def turnout_words(report: RoomReport, language: Language) -> str:
    """Who took part, and how many answers there are; kinds of which there are none are left out."""
    of = report.turnout
    seats = (language.say_count("{number} hand", "{number} hands", of.seats) if report.plan.mode == "hands"
             else language.say_count("{number} seat", "{number} seats", of.seats))
    rest = {language.say("not recognisable from the picture"): of.unrecognisable,
            language.say(MISSING_WORDS["not answered"]): of.not_answered,
            language.say(MISSING_WORDS["not seen"]): of.not_seen}
    return " · ".join([
        seats, language.say_count("{number} picture", "{number} pictures", of.items),
        language.say_count("{number} answer", "{number} answers", of.given),
        *(f"{language.decimal(number, 0)} {words}" for words, number in rest.items() if number),
    ])


def lesson_words(report: RoomReport, language: Language) -> list[str]:
    """What kind of lesson it was, and what that means for the report."""
    lesson, found = report.lesson, []
    if lesson.generated:
        found.append(language.say("Drawings: generated – not for learning dermoscopy."))
    if not report.counts:
        return [*found, language.say("A rehearsal: nothing of it counts.")]
    wrong = {"wrong": language.percent(report.wrong_here, 0), "everywhere": language.percent(lesson.error_share)}
    if lesson.kind == "model":
        found += [
            language.say("The model is wrong in {wrong} of these pictures because they were chosen so; in the whole "
                         "collection it is wrong in {everywhere} of the lesions.", **wrong),
            language.say("A lesson about the model reports what its answers changed, and no score."),
        ]
    else:
        found.append(language.say(
            "A test, drawn without looking at the model, which is wrong in {wrong} of these pictures and in "
            "{everywhere} of the lesions of the whole collection.", **wrong))
    if report.plan.mode != "hands" and report.turnout.seats < LEAST_SEATS_SHOWN:
        found.append(language.say("Single pictures are listed from {number} seats on: of fewer, a count would tell who "
                                  "answered what.", number=LEAST_SEATS_SHOWN))
    return found


def damage_words(report: RoomReport, language: Language) -> list[str]:
    """Which seats could not be read, a line each after how many; nothing where all could."""
    if not report.damaged:
        return []
    return [language.say_count("{number} seat cannot be read and is left out.",
                               "{number} seats cannot be read and are left out.", len(report.damaged)),
            *map(error_words, report.damaged)]


def no_clinic_words(report: RoomReport, language: Language) -> str:
    """What these pictures are not: a clinic's patients."""
    mix = language.say(
        "Not a clinic: {here} of these pictures show a malignant lesion, one in situ or a precursor, as do {trained} "
        "of those that the model was trained on; in a clinic it is another share.",
        here=language.percent(report.malignant_here, 0), trained=language.percent(report.malignant_trained, 0))
    if report.lesson.generated or _HAM10000 not in report.lesson.licence:
        return mix
    return f"{mix} " + language.say("HAM10000 has no melanoma of a nail or of mucosa and no non-pigmented one; skin "
                                    "type is not recorded.")


def caveat_words(report: RoomReport, language: Language) -> str:
    """What could not be balanced in the lesson, or seen in its pictures; "" where nothing."""
    return " ".join(language.say(CAVEATS[one]) for one in lesson_caveats(report.lesson) if one != "drawings")


def origin_words(report: RoomReport, language: Language) -> str:
    """Model, collection and seed."""
    lesson = report.lesson
    answers = (language.say("answers weighed as if all diagnoses were equally frequent")
               if lesson.decision == "balanced" else language.say("answers at the frequencies of its training data"))
    return language.say("Model: {model}, {answers}. Collection: {data}; held-out predictions: {run}. Seed: {seed}.",
                        model=lesson.model, answers=answers, data=lesson.data, run=lesson.run, seed=lesson.seed)


def terms_words(lesson: Lesson, language: Language) -> str:
    """What stands under each page."""
    found = [language.say("For teaching, never for diagnosis."),
             language.say("Images: {licence}", licence=lesson.licence)]
    if not language.reviewed:
        found.append(language.say("Terms not yet reviewed by a dermatologist."))
    return " · ".join(found)


def item_words(report: RoomReport, one: ReportItem, language: Language, followed: bool) -> tuple[str, str, str]:
    """Of a listed item the reference diagnosis and how it was made, the model's answer, and how many of whom.

    Args:
        followed: whether those are counted who followed the model; else who were right.
    """
    counts = {"count": language.decimal(one.count, 0), "n": language.decimal(one.n, 0)}
    return (
        f"{diagnosis(language, one.item.dx)} ({made_words(language, one.item.dx_type)})",
        language.say("The model: {answer}", answer=answer_words(language, report.lesson.asks, one.model)),
        language.say("{count} of {n} followed it", **counts) if followed else
        language.say("{count} of {n} right", **counts),
    )
