"""The catalogues of languages: nothing that is said is missing, nothing is left over, and clinical terms are exact."""

import ast
import re
from dataclasses import replace
from gettext import NullTranslations
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from app.words import spoken
from pipeline.classes import DIAGNOSES
from pipeline.classroom import clinical_terms
from pipeline.data.tables import TRUTH_WORDS
from pipeline.errors import RoomError
from pipeline.languages import FOLDER, LANGUAGES, language
from pipeline.vocabulary import LanguageCode

ROOT = Path(__file__).resolve().parents[2]
_SAYS = {"say": None, "marked": None, "say_count": (1, 2)}
OTHERS = [code for code in LANGUAGES if code != "en"]


def said() -> set[str | tuple[str, str]]:
    """All that the code says in a language: texts, and pairs of one and many."""
    found = {text for one in DIAGNOSES.values() for text in (one.name, one.covers)} | set(TRUTH_WORDS.values())
    for path in speaking():
        found |= {text for _, text, *_ in extract_from_file("python", path, keywords=_SAYS)}
    return found | {text.value for text in refusals() if isinstance(text, ast.Constant) and text.value}


def refusals() -> list[ast.expr]:
    """Problem and next step of every error of a class that the code raises."""
    called = [node for folder in ("app", "pipeline") for path in (ROOT / folder).rglob("*.py")
              for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    return [text for call in called if getattr(call.func, "id", "") in ("LessonError", "RoomError")
            for text in call.args[:2]]


def speaking() -> list[Path]:
    """The files that say something in a language."""
    files = sorted(path for folder in ("app", "pipeline") for path in (ROOT / folder).rglob("*.py"))
    return [path for path in files if re.search(r"from (pipeline\.languages|app\.words\.spoken) import",
                                                path.read_text("utf-8"))]


@pytest.fixture(scope="module", params=OTHERS)
def catalogue(request):
    with (FOLDER / f"{request.param}.po").open("rb") as file:
        return read_po(file, locale=request.param, abort_invalid=True)


def test_each_language_has_its_catalogue():
    assert set(get_args(LanguageCode)) == set(LANGUAGES)
    assert {path.stem for path in FOLDER.glob("*")} == set(OTHERS)


def test_no_word_is_missing_and_none_is_left_over(catalogue):
    there = {message.id for message in catalogue if message.id}
    assert not said() - there, f"not said in {catalogue.locale}"
    assert not there - said(), "said nowhere"
    assert [message.id for message in catalogue if message.id and (message.fuzzy or not all(
        [message.string] if isinstance(message.string, str) else message.string))] == []


def test_what_is_said_is_written_out_or_stands_in_a_table():
    """Else no catalogue could be searched for it."""
    for path in speaking():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if getattr(called, "id", getattr(called, "attr", "")) in _SAYS:
                assert not isinstance(node.args[0], (ast.JoinedStr, ast.BinOp)), f"{path}:{node.lineno}"


def test_an_error_of_a_class_is_a_sentence_with_names_or_stands_in_a_table():
    assert [ast.unparse(text) for text in refusals() if isinstance(text, (ast.JoinedStr, ast.BinOp))] == []


def test_an_error_of_a_class_is_said_in_its_language(monkeypatch):
    error = RoomError("There is no class {code}.", "It can be ended.", "no room", code="{AB}")
    assert str(error) == "There is no class {AB}. It can be ended."
    monkeypatch.setattr(spoken, "spoken", lambda: language("de"))
    assert spoken.say_error(error) == "Es gibt keinen Kurs {AB}. Er lässt sich beenden."


def test_a_translation_keeps_the_places_of_values(catalogue):
    for message in catalogue:
        pairs = zip(message.id, message.string, strict=True) if message.pluralizable else [(message.id, message.string)]
        for english, translated in pairs:
            assert message.id == "" or _places(english) == _places(translated), message.id


def _places(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", text))


def test_what_a_catalogue_lacks_is_said_in_english():
    lacking = replace(language("de"), catalogue=NullTranslations())
    assert lacking.say("Melanoma") == "Melanoma"
    assert language("de").say("{n} unheard of", n=3) == "3 unheard of"


def test_german_terms_are_those_of_the_field():
    german = language("de")
    codes = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    assert {code: clinical_terms.diagnosis(german, code) for code in codes} == {
        "akiec": "Aktinische Keratose oder Morbus Bowen", "bcc": "Basalzellkarzinom", "bkl": "Benigne Keratose",
        "df": "Dermatofibrom", "mel": "Melanom (auch in situ)", "nv": "Melanozytärer Nävus",
        "vasc": "Vaskuläre Läsion oder Einblutung",
    }
    assert clinical_terms.covers(german, "bkl") == (
        "seborrhoische Keratose, Lentigo solaris, Lichen-planus-artige Keratose")
    assert [clinical_terms.answer_words(german, "malignancy", side) for side in ("malignant", "benign")] == [
        "Maligne, In-situ-Karzinom oder Vorläuferläsion", "Benigne"]
    ways = ("histo", "follow_up", "consensus", "confocal", "")
    assert [clinical_terms.made_words(german, made) for made in ways] == [
        "histologisch gesichert", "im Verlauf unverändert", "Expertenkonsens", "konfokale Laserscanmikroskopie",
        "wie sie gestellt wurde, ist nicht vermerkt"]
    assert [german.say(word) for word in clinical_terms.FIGURES.values()] == [
        "Sensitivität", "Spezifität", "Positiver prädiktiver Wert", "Negativer prädiktiver Wert", "Genauigkeit",
        "Balancierte Genauigkeit", "95-%-Konfidenzintervall", "Prävalenz", "Schwellenwert", "Konfusionsmatrix"]
    assert [german.say(word) for word in clinical_terms.CRITERIA.values()] == [
        "Pigmentnetz", "negatives Pigmentnetz", "Globuli", "Streifen", "milienartige Zysten"]
    assert not any("wahrheit" in text.lower() for text in (FOLDER / "de.po").read_text("utf-8").splitlines()
                   if text.startswith("msgstr"))


@pytest.mark.parametrize(("code", "said"), [("en", "55 years, female, back"), ("de", "55 Jahre, weiblich, Rücken")])
def test_a_patient_in_words(code, said):
    assert clinical_terms.patient_words(language(code), 55.0, "female", "back") == said
    assert clinical_terms.patient_words(language(code), None, "unknown", "") == ""
    assert clinical_terms.patient_words(language(code), float("nan"), "{odd}", "under a nail") == "{odd}, under a nail"


def test_numbers_are_written_as_the_language_does():
    assert (language("en").percent(0.843), language("de").percent(0.843)) == ("84.3 %", "84,3 %")
    assert language("de").probability(0.99999) == "> 99,9 %" and language("de").decimal(float("nan")) == "–"
    assert language("de").say_count("{number} year", "{number} years", 1) == "1 Jahr"
    assert language("de").decimal(1234.5, 0) == "1.234"


def test_it_says_that_no_dermatologist_has_read_the_terms():
    spoken.speak("de")
    assert spoken.not_reviewed() == (
        "Fachbegriffe noch nicht von einer Dermatologin oder einem Dermatologen durchgesehen.")
    spoken.speak("en")
    assert spoken.not_reviewed() == "Terms not yet reviewed by a dermatologist."
