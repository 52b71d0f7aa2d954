"""Texts that try to be more than text on a page, in a table, in an address or in a file's name."""

import random

KNOWN = (
    "\\[Log in again](http://evil.example/login)", "[Log in](http://evil.example)", "![x](http://evil.example/x.png)",
    "<a href='http://evil.example'>x</a>", "<img src=http://evil.example/x.png>", "<script>alert(1)</script>",
    "http://evil.example/a?b=c", "https://evil.example", "www.evil.example", "me@evil.example", "HTTP://EVIL.EXAMPLE",
    "mailto:me@evil.example", "xmpp:me@evil.example/x", "<http://evil.example>", "<me@evil.example>",
    "[a]: http://evil.example", "[^1]", "[^1]: note", "[x][y]", "**bold**", "__bold__", "*it*", "_it_", "~~gone~~",
    "~gone~", "`code`", "```\ncode\n```", "~~~\ncode", "# Heading", "Heading\n===", "Heading\n---", "> quote",
    "- item", "+ item", "* item", "1. item", "12) item", "- [ ] to do", "---", "***", "___",
    "| a | b |\n| - | - |\n| 1 | 2 |", "$x^2$", "$$x$$", ":material/delete:", ":material_delete:", ":red[red]",
    ":red-background[x]", ":small[x]", ":smile:", ":+1:", ":100:", ":streamlit:", ":help[x]",
    ":color[x]{foreground=red}", "::leaf[x]", ":::box", "a -> b", "a <- b", "a <-> b", "a -- b", "a >= b", "a <= b",
    "a ~= b", "->", "--", "&lt;b&gt;", "&#91;x&#93;(y)", "&copy;", '\\', '\\\\', "\\*x\\*", "a\\\nb", "    indented",
    "\ttabbed", "a  \nb", "a\r\nb", "a\x0bb", "a\u2028b", "a\u2029b", "a\x85b", "a\u200bb", "a\ufeffb",
    "\u202egnp.exe", "\u2066x\u2069", "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627 1.", "e\u0301",
    "\xe9", "a\x1b[31mred", "a\x07b", "a\x7fb", "a\x9bb", "\ufffe", "\U0001f468\u200d\U0001f469", "=1+1", "+1",
    "-1+1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1", '=HYPERLINK("http://evil.example")', "-0.5",
    "=cmd|' /C calc'!A0", "x" * 255, "x" * 3000, "\u0301" * 300, "a,b", 'a"b', "a'b", "a;b", "%{x}", "<b>x</b>",
    "<extra></extra>", "{x}", "%s", "../../etc/passwd", "CON", "nul", "", " ", ".", "..", "~", "$HOME", "{{x}}",
    "a__b", "_a_b_", "a_b", "snake_case_",
)
_PIECES = (
    '\\', "`", "*", "_", "~", "$", "[", "]", "(", ")", "{", "}", "<", ">", "|", "&", "#", "!", ":", ";", ".", "-",
    "+", "=", "@", "'", '"', "/", "%", "^", " ", "\n", "\t", "a", "B", "7", "word", "http://", "www.", "@", "](",
    "![", ":red[", ":material/", "**", "__", "~~", "->", "--", "  \n", "\n\n", "\n- ", "\n> ", "\n# ", "\n1. ",
    "\u200b", "\u2028", "\u202e", "&amp;", "evil.example",
)


def random_texts(number: int, seed: int) -> list[str]:
    """As many texts, made of two to twelve pieces of markup and letters each."""
    chance = random.Random(seed)
    return ["".join(chance.choices(_PIECES, k=chance.randint(2, 12))) for _ in range(number)]
