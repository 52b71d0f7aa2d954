"""From pigment, blood, veil, scar and keratin to the colours of a dermatoscopic image (Beer-Lambert on skin)."""

from dataclasses import dataclass, field

import numpy as np

from pipeline.data.synthetic.fields import SIDE

# Fitzpatrick phototypes I to VI under a dermatoscope: red, green, blue in 0..255.
SKIN_TONES = {
    "I": (233, 197, 188),
    "II": (226, 183, 166),
    "III": (213, 165, 141),
    "IV": (188, 138, 110),
    "V": (150, 104, 79),
    "VI": (108, 74, 58),
}
_MELANIN = (0.55, 0.95, 1.22)  # absorption of red, green, blue: brown, then black
_BLOOD = (0.22, 1.05, 0.88)  # haemoglobin lets red pass
_VEIL = (106, 115, 136)  # melanin deep in the dermis looks blue-grey
_SCAR = (244, 228, 224)
_KERATIN = (232, 206, 150)


def _empty() -> np.ndarray:
    return np.zeros((SIDE, SIDE), np.float32)


@dataclass
class Chromophores:
    """Amounts on the lesion plane, each (SIDE, SIDE) float32.

    melanin and blood are optical densities (0 none, 1 clearly brown or pink-red, above 2 nearly black or dark red);
    veil, scar and keratin are covering shares in 0..1, laid over in that order.
    """

    melanin: np.ndarray = field(default_factory=_empty)
    blood: np.ndarray = field(default_factory=_empty)
    veil: np.ndarray = field(default_factory=_empty)
    scar: np.ndarray = field(default_factory=_empty)
    keratin: np.ndarray = field(default_factory=_empty)

    def blended(self, other: "Chromophores", share: float) -> "Chromophores":
        """This lesion with `share` (0..1) of it replaced by the other's amounts."""
        return Chromophores(
            **{name: (1 - share) * amount + share * getattr(other, name) for name, amount in vars(self).items()}
        )


def colours(amounts: Chromophores, tone: tuple[int, int, int]) -> np.ndarray:
    """The lesion plane as it looks on plain skin of `tone`; shape (SIDE, SIDE, 3), uint8."""
    melanin, blood = np.maximum(amounts.melanin, 0), np.maximum(amounts.blood, 0)
    covers = ((amounts.veil, _VEIL), (amounts.scar, _SCAR), (amounts.keratin, _KERATIN))
    covers = [(np.clip(share, 0, 1), cover) for share, cover in covers]
    picture = np.empty((SIDE, SIDE, 3), np.float32)
    brightness = (tone[0] / 230) ** 0.6  # white structures on dark skin are dimmer too
    for channel in range(3):
        light = tone[channel] * np.exp(-(melanin * np.float32(_MELANIN[channel]) + blood * np.float32(_BLOOD[channel])))
        for share, cover in covers:
            light += share * (np.float32(cover[channel] * brightness) - light)
        picture[..., channel] = light
    return np.clip(picture, 0, 255).astype(np.uint8)
