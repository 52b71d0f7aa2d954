"""The nicknames of seats in words."""

from app.words.spoken import say
from pipeline.languages import marked

NOUN_WORDS: dict[str, str] = {
    "acorn": marked("Acorn"), "anchor": marked("Anchor"), "apple": marked("Apple"), "badger": marked("Badger"),
    "beaver": marked("Beaver"), "birch": marked("Birch"), "bridge": marked("Bridge"), "candle": marked("Candle"),
    "cedar": marked("Cedar"), "cherry": marked("Cherry"), "cloud": marked("Cloud"), "comet": marked("Comet"),
    "compass": marked("Compass"), "dolphin": marked("Dolphin"), "drum": marked("Drum"), "falcon": marked("Falcon"),
    "feather": marked("Feather"), "fern": marked("Fern"), "finch": marked("Finch"), "flute": marked("Flute"),
    "fox": marked("Fox"), "harbour": marked("Harbour"), "hedgehog": marked("Hedgehog"), "heron": marked("Heron"),
    "island": marked("Island"), "kite": marked("Kite"), "ladder": marked("Ladder"), "lantern": marked("Lantern"),
    "lemon": marked("Lemon"), "lynx": marked("Lynx"), "maple": marked("Maple"), "meadow": marked("Meadow"),
    "moon": marked("Moon"), "otter": marked("Otter"), "owl": marked("Owl"), "pebble": marked("Pebble"),
    "river": marked("River"), "robin": marked("Robin"), "sail": marked("Sail"), "squirrel": marked("Squirrel"),
    "swallow": marked("Swallow"), "walnut": marked("Walnut"), "whale": marked("Whale"), "willow": marked("Willow"),
}


def nickname_words(noun: str, number: int) -> str:
    """ "Fox 7", "Fuchs 7"; a noun that this table lacks as it is."""
    return f"{say(NOUN_WORDS[noun]) if noun in NOUN_WORDS else noun} {number}"
