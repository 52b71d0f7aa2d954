"""Texts that are not ours (names, notes, addresses, cells, error sentences) as a page or a command may show them.

Each function makes one kind of place show the text itself: no link, no markup, no line of its own, nothing unseen.
"""

import re
import shlex
import unicodedata

from pipeline.limits import MOST_SHOWN, MOST_WORD

# Streamlit and remark still find addresses, emoji and arrows in text that is parsed already, where no backslash helps;
# what splits them must be a character, and this one is never seen
JOINER = "\u2060"
_FIRST_STRONG, _POP = "\u2068", "\u2069"

_WHITE = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
_UNSEEN = re.compile(  # soft hyphens, zero-width characters, controls of the writing direction, tags
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_UNDECODED = re.compile("[\udc80-\udcff]")  # a byte of a file name that is no UTF-8, as Python carries it
_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_NO_CHARACTER = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LONG_WORD = re.compile(rf"(\S{{{MOST_WORD - 1}}})\S{{2,}}")

_SPLITS = (
    (re.compile(r"(https?|www)(?=[:.])", re.IGNORECASE), rf"\1{JOINER}"),
    (re.compile(r"(?<=[-.+\w])@(?=[-\w])"), f"{JOINER}@"),
    (re.compile(r":(?=[^\W\d]|[-+\w]+:)"), f":{JOINER}"),
    (re.compile(r"(?<!\S)(<(?=->)|-(?=>)|<(?=-)|-(?=-)|[<>~](?==))(?=\S{1,2}(?!\S))"), rf"\1{JOINER}"),
)
# an underscore inside of a word marks nothing, nor does an ampersand before a space
_MARKS = re.compile(r"[\\`*~$\[\]<|]|&(?=[#\w])|(?<!\S)#|(?<![^\W_])_|_(?![^\W_])")
# one line of words, of which no place makes anything else: most texts, so they are not searched for each mark
_WORDS = re.compile(rf"[A-Za-z](?: ?[A-Za-z0-9,·]){{0,{MOST_WORD // 2}}}")
_LINE_START = re.compile(r"\A( ?\d{0,9})([-+=>:.)])")


def valid(text: str) -> str:
    """`text` as UTF-8 can hold it: a byte of a file's name that is no UTF-8 as \\xff, a lone surrogate as U+FFFD."""
    if text.isascii():
        return text
    text = _UNDECODED.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text)
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def as_printed(text: object) -> str:
    """`text` on one line of a terminal or a table: what cannot be printed is written as Python writes it, as \\n."""
    text = valid(str(text))
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in _SPACES else one.encode("unicode_escape").decode() for one in text
    )


def as_plain(text: object, most: int = MOST_SHOWN) -> str:
    """`text` for a place that knows no markup, on one line: an option of a select box, a cell, an alternative text.

    White space becomes one space, what cannot be seen goes, what is no character becomes U+FFFD, a byte that is no
    UTF-8 is written as \\xff; a word of more than MOST_WORD characters, and a text of more than `most`, is cut.
    """
    text = valid(str(text)[: 4 * most])
    text = _NO_CHARACTER.sub("\ufffd", _UNSEEN.sub("", _WHITE.sub(" ", text)))
    text = _LONG_WORD.sub(r"\1…", text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def as_text(text: object, most: int = MOST_SHOWN) -> str:
    """`text` so that Markdown, Streamlit's above all, shows what `as_plain` gives, and nothing else."""
    text = str(text)
    if len(text) <= most and _WORDS.fullmatch(text):
        return text
    text = as_plain(text, most)
    for pattern, split in _SPLITS:
        text = pattern.sub(split, text)
    text = _LINE_START.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", text))
    return f"{_FIRST_STRONG}{text}{_POP}" if _runs_leftward(text) else text


def as_lines(text: object) -> str:
    """A text of several lines, such as a note, each of them as `as_text` gives it."""
    return "  \n".join(as_text(line) for line in str(text).splitlines() if line.strip())


def as_code(*words: object) -> str:
    """A command of these words as code in Markdown, each as a shell takes it for one."""
    command = shlex.join(as_plain(word) for word in words)
    fence = "`" * (max(map(len, re.findall("`+", command)), default=0) + 1)
    return f"{fence} {command} {fence}" if len(fence) > 1 else f"`{command}`"


def as_label(text: object, most: int = MOST_SHOWN) -> str:
    """`text` for a Plotly chart, which takes HTML, entities and templates in all its texts."""
    text = as_plain(text, most).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("%{", f"%{JOINER}{{").replace("$", f"${JOINER}")


def _runs_leftward(text: str) -> bool:
    """Whether it holds letters that are written from right to left, which would draw its neighbours along."""
    return not text.isascii() and any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text)
