"""What an import knows beside a table, and what it guessed: each guess becomes a sentence that the import says."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from pipeline.data.member import IMAGE_SUFFIXES
from pipeline.data.naming import diagnosis_codes
from pipeline.number_words import count


@dataclass
class Guesses:
    """
    Attributes:
        ids: of the images that the archive holds.
        mapping: what a person confirmed: a diagnosis's name to a code, as `naming.diagnosis_codes` takes it.
        notes: what was guessed, in sentences, one for each kind of guess.
    """

    ids: Collection[str] = ()
    mapping: Mapping[str, str] | None = None
    notes: list[str] = field(default_factory=list)

    def matched(self, written: pd.Series) -> pd.Series:
        """The ids of a table as the images have them: without a folder or an image's suffix, and in their capitals.

        Only what is no image's id as it stands is changed, and only to one that is.

        Args:
            written: text or NA.
        """
        own = set(self.ids)
        folded: dict[str, str | None] = {}
        for image_id in own:  # two that differ in capitals alone are nobody's
            folded[image_id.casefold()] = None if image_id.casefold() in folded else image_id
        read: dict[str, str] = {}
        for text in written.dropna().unique():
            if text not in own and (image_id := self._of_file(text, own, folded)) is not None:
                read[text] = image_id
        if not read:
            return written
        changed = written.isin(list(read))
        ways = {
            "capitals": lambda text: text.casefold() == read[text].casefold(),
            "suffix": lambda text: "/" not in text and "\\" not in text,
            "folder": lambda text: True,
        }
        kinds = [next(way for way, holds in ways.items() if holds(text)) for text in written[changed]]
        words = {
            "capitals": "in other capitals than its file", "suffix": "with the suffix of its file",
            "folder": "with the path of its file",
        }
        self.notes += [
            f"The table writes the id of {count(kinds.count(way), 'image')} {said}."
            for way, said in words.items() if way in kinds
        ]
        return written.map(lambda text: read.get(text, text), na_action="ignore").astype("str")

    @staticmethod
    def _of_file(text: str, own: Collection[str], folded: Mapping[str, str | None]) -> str | None:
        file = text.replace("\\", "/").rpartition("/")[2].strip()
        stem, dot, suffix = file.rpartition(".")
        names = [file, stem] if dot and f".{suffix.lower()}" in IMAGE_SUFFIXES else [file]
        for name in names:
            if name in own:
                return name
            if (found := folded.get(name.casefold())) is not None:
                return found
        return None

    def diagnoses(self, written: pd.Series, images: pd.Series, name: str, where: str) -> tuple[pd.Series, list[dict]]:
        """The codes of the diagnoses, NA for what is left out, and that as problems; raises as
        `naming.diagnosis_codes`."""
        codes, problems, notes = diagnosis_codes(written, images, name, self.mapping, where)
        self.notes += notes
        return codes, problems
