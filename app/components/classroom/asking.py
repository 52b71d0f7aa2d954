"""What a seat is asked of an item: the answers to tap, how sure, and what the class asks beside."""

from typing import get_args

from app.components.classroom.item_card import Asked, Form, Option
from app.words.spoken import say, spoken
from pipeline.classroom.answer_terms import MANAGEMENT_WORDS, SURE_WORDS
from pipeline.classroom.clinical_terms import answer_words, diagnosis
from pipeline.classroom.lesson import Item, Lesson, answer_of, asked_answer, called
from pipeline.classroom.room_files import Given
from pipeline.classroom.room_plan import Plan
from pipeline.classroom.tick_terms import NOT_ASSESSABLE, offered_ticks
from pipeline.vocabulary import Asked as Question
from pipeline.vocabulary import Management, Stage, Sureness

UNRECOGNISABLE = "unrecognisable"  # among the answers of a card
_FEW, _LEAST = 3, 0.01  # diagnoses of the model that a two-way question names, beside the highest of such a probability


def answer_options(asks: Question, choices: tuple[str, ...], shares: dict[str, float] | None = None) -> list[Option]:
    """The answers by their names; malignant before benign.

    Args:
        shares: the model's probability of each, 0..1.
    """
    language = spoken()
    words = {code: answer_words(language, asks, code) for code in choices}
    order = sorted(choices, key=lambda code: (code == "benign", words[code]))
    return [Option(code, words[code], shares and shares[code], language.probability(shares[code]) if shares else "")
            for code in order]


def model_says(lesson: Lesson, item: Item) -> str:
    """The model's answer in a line: its diagnosis, and where the question has two sides, the highest and the side."""
    language, shares = spoken(), answer_of(lesson, item)
    said = called(lesson, item)
    if lesson.asks == "diagnosis":
        return say("The model: {answer}, {share}", answer=diagnosis(language, said),
                   share=language.probability(shares[said]))
    highest = sorted(shares, key=shares.__getitem__, reverse=True)[:_FEW]
    named = ", ".join(f"{diagnosis(language, code)} {language.probability(shares[code])}" for code in highest
                      if code == said or shares[code] >= _LEAST)
    return say("The model: {answer} ({probabilities})", probabilities=named,
               answer=answer_words(language, lesson.asks, asked_answer(lesson, said)))


def form_of(
    lesson: Lesson, plan: Plan, choices: tuple[str, ...], item: Item, stage: Stage, own: Given | None = None
) -> Form:
    """What is asked at a stage.

    Args:
        choices: what can be answered.
        own: what was answered to the stage before, which can be kept.
    """
    with_model, first = stage == "with-model", stage == plan.stages[0]
    shares = answer_of(lesson, item) if with_model and lesson.asks == "diagnosis" else None
    options = answer_options(lesson.asks, choices, shares)
    beside = Option(UNRECOGNISABLE, say("Not recognisable from the picture"), wide=len(options) % 2 == 0)
    chosen = own and (own.answer or UNRECOGNISABLE)
    sure = tuple(Option(value, say(SURE_WORDS[value])) for value in get_args(Sureness))
    return Form(
        Asked(say("Keep or change?") if own else say("What do you see?"), (*options, beside), 2, chosen),
        UNRECOGNISABLE, say("Lock the answer"), Asked(say("How sure?"), sure, len(sure), own and own.sure),
        _biopsy() if plan.ask_biopsy and first else None, _ticks(plan) if plan.tick_criteria and first else None,
        said=model_says(lesson, item) if with_model else "",
    )


def _biopsy() -> Asked:
    options = tuple(Option(value, say(MANAGEMENT_WORDS[value])) for value in get_args(Management))
    return Asked(say("What would you do?"), options, len(options))


def _ticks(plan: Plan) -> Asked:
    question = f"{say('What is there?')} {say(NOT_ASSESSABLE)}" if plan.melanocytic_ticks else say("What is there?")
    return Asked(question, tuple(Option(code, say(words)) for code, words in offered_ticks(plan).items()), 3)


def direct_form(asks: Question, options: list[Option]) -> Form:
    """The answers alone, of which the first tap counts."""
    question = say("Malignant or benign?") if asks == "malignancy" else say("What do you see?")
    return Form(Asked(question, tuple(options), 1 if asks == "malignancy" else 2), None, say("Lock the answer"),
                direct=True)
