"""Contents of hostile tables: other encodings, broken quotes, values of every kind, and sizes beyond reason."""

from collections.abc import Callable
from typing import Literal

from tests.small_archives import rows

Expect = Literal["right", "refused", "either"]
Bend = Callable[[bytes], bytes]


def _line(number: int, bend: Bend) -> Bend:
    def bent(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        lines[number] = bend(lines[number])
        return b"".join(lines)

    return bent


# at every place: what becomes of a right table
BENT: dict[str, tuple[Bend, Expect]] = {
    "UTF-16": (lambda c: c.decode().encode("utf-16"), "either"),
    "UTF-16 without a mark": (lambda c: c.decode().encode("utf-16-le"), "refused"),
    "UTF-16, the other way": (lambda c: c.decode().encode("utf-16-be"), "refused"),
    "UTF-32": (lambda c: c.decode().encode("utf-32"), "refused"),
    "UTF-8 with a mark": (lambda c: b"\xef\xbb\xbf" + c, "right"),
    "two marks": (lambda c: b"\xef\xbb\xbf" * 2 + c, "right"),
    "Windows' line ends": (lambda c: c.replace(b"\n", b"\r\n"), "right"),
    "old Apple line ends": (lambda c: c.replace(b"\n", b"\r"), "right"),
    "semicolons": (lambda c: c.replace(b",", b";"), "right"),
    "tabs": (lambda c: c.replace(b",", b"\t"), "right"),
    "blank lines": (lambda c: b"\n\n" + c.replace(b"\n", b"\n\n"), "right"),
    "empty columns at the end": (lambda c: c.replace(b"\n", b",,,\n"), "right"),
    "no line end": (lambda c: c.rstrip(b"\n"), "right"),
    "one byte that is not UTF-8": (_line(2, lambda line: line.replace(b",", b"\xff,", 1)), "either"),
    "two encodings": (lambda c: c + "ÄÖÜ\n".encode("latin-1"), "refused"),
    "a NUL": (_line(2, lambda line: line[:4] + b"\0" + line[4:]), "refused"),
    "a NUL in the header": (_line(0, lambda line: line[:2] + b"\0" + line[2:]), "refused"),
    "an escape": (_line(2, lambda line: b"\x1b[31m" + line), "refused"),
    "a quote that never closes": (_line(2, lambda line: b'"' + line), "refused"),
    "a quote that never closes in the header": (_line(0, lambda line: b'"' + line), "refused"),
    "a quote that never closes at the end": (lambda c: c.rstrip(b"\n") + b',"\n', "refused"),
    "a value after a quote": (_line(2, lambda line: b'"x"y' + line), "refused"),
    "two rows in a quote": (_line(2, lambda line: b'"' + line.rstrip(b"\n") + b'"\n'), "refused"),
    "a row too long": (_line(2, lambda line: line.rstrip(b"\n") + b",nv,mel\n"), "refused"),
    "a row too short": (_line(2, lambda line: line.rpartition(b",")[0] + b"\n"), "refused"),
    "a row moved": (_line(2, lambda line: b"nv," + line), "refused"),
    "cut in the middle": (lambda c: c[: c.rindex(b",")], "refused"),
    "header alone": (lambda c: c.splitlines(keepends=True)[0], "either"),
    "no header": (lambda c: b"".join(c.splitlines(keepends=True)[1:]), "either"),
    "header twice": (lambda c: c.splitlines(keepends=True)[0] + c, "either"),
    "nothing": (lambda c: b"", "either"),
    "line ends alone": (lambda c: b"\n" * 1000, "either"),
    "marks alone": (lambda c: b"\xef\xbb\xbf", "either"),
    "a separator's line": (lambda c: b"sep=,\n" + c, "either"),
    "a picture": (lambda c: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "either"),
    "a parquet file": (lambda c: b"PAR1" + bytes(range(256)) + b"PAR1", "either"),
}

_HEADER = b"lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\n"


def _all_rows(number: int) -> bytes:
    rest = ",nv,histo,50,male,back,x\n"
    return _HEADER + "".join(f"H{n},I{n}{rest}" for n in range(number)).encode()


# at the table of the metadata and at the image sources: made when they are wanted
HUGE: dict[str, tuple[Callable[[], bytes], Expect]] = {
    "ten million columns": (lambda: b"a," * 10_000_000 + b"\n" + b"1," * 10_000_000, "refused"),
    "ten million rows": (lambda: _HEADER + b"L1,I1,nv,histo,50,male,back,x\n" * 2_100_000, "refused"),
    "as many rows as are read": (lambda: _all_rows(499_999), "refused"),
    "more rows than are read": (lambda: _all_rows(500_001), "refused"),
    "a line of 100 MB": (lambda: _HEADER + b"x" * 100_000_000, "refused"),
    "a line of 60 MB": (lambda: _HEADER + b"x" * 60_000_000, "refused"),
    "a header of 60 MB": (lambda: b"x" * 60_000_000, "refused"),
    "a value of 60 MB in quotes": (lambda: _HEADER + b'"' + b"x\n" * 30_000_000 + b'"', "refused"),
    "quotes alone": (lambda: b'"' * 60_000_000, "refused"),
    "separators alone": (lambda: _HEADER + b"," * 60_000_000, "refused"),
    "line ends alone, 60 MB": (lambda: _HEADER + b"\n" * 60_000_000, "refused"),
    "rows of separators": (lambda: _HEADER + b",,,,,,,\n" * 7_000_000, "refused"),
    "501 columns": (lambda: b",".join(b"c%d" % n for n in range(501)) + b"\n", "refused"),
    "500 columns and many rows": (lambda: b",".join([_HEADER[:-1], *(b"c%d" % n for n in range(492))]) + b"\n"
                                  + (b"," * 499 + b"\n") * 100_000, "refused"),
    "four bytes a character": (lambda: _HEADER + "🦠".encode() * 15_000_000, "refused"),
    "values of a kilobyte": (lambda: _HEADER + b",".join([b"x" * 1000] * 8) + b"\n" + b"y" * 1001 + b",,,,,,,\n",
                             "refused"),
}


def _in_cell(column: str, text: str) -> Bend:
    def bent(content: bytes) -> bytes:
        table = rows(12).astype(object)
        table.loc[[3, 4], column] = text
        return table.to_csv(index=False).encode()

    return bent


_HOSTILE = {
    "a formula": "=cmd|'/C calc'!A0", "JSON": '{"key":"hunter2-s3cr3t"}', "an assignment": "TOKEN=hunter2-s3cr3t",
    "markup": "<script>alert(1)</script>", "a link": "[x](http://evil.example)", "5,000 digits": "9" * 5000,
    "900 digits": "9" * 900, "many words": "hunter2-s3cr3t " * 60, "infinity": "1e999", "minus infinity": "-1e999",
    "no number": "nan", "hexadecimal": "0x32", "underscores": "5_0", "full-width digits": "５０", "negative": "-5",
    "a path": "../../etc/passwd", "a comma in quotes": "a,b", "lines in quotes": "a\nb", "a bidi mark": "\u202egpj",
    "a lone quote": 'five"', "blanks": "   ", "a reserved name": "CON", "an emoji": "🦠",
}

# in one column of the metadata
CELLS: dict[str, tuple[Bend, Expect]] = {
    f"{column} with {word}": (_in_cell(column, text), "either")
    for column in ("dx", "age", "image_id", "lesion_id", "localization") for word, text in _HOSTILE.items()
}

# files of a computer that somebody could name as a table
SECRETS = {
    "environ": "PATH=/usr/bin\0KAGGLE_KEY=SECRET\0HOME=/root\0",
    "kaggle.json": '{"username":"somebody","key":"SECRET"}',
    "access_token": "SECRET",
    "id_ed25519": "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n-----END OPENSSH PRIVATE KEY-----\n",
    "shadow": "root:SECRET:19000:0:99999:7:::\n",
    "env.csv": "image_id,SECRET\nSECRET,SECRET\n",
    "netrc": "machine example.org login me password SECRET\n",
    "verdicts.csv": 'image_a,image_b,verdict\nISIC_0000000,"key=SECRET",same\nISIC_0000000,ISIC_0000004,"{SECRET}"\n',
    "quotes.txt": '"SECRET\n' * 100,
    "latin.txt": "image_id,dataset\nSECRET,é\n",
}
