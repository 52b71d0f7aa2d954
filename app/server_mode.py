"""For whom the server was started: its owner, the visitors of a stand, or a class."""

import os
from enum import StrEnum

from pipeline.errors import ConfigError

VARIABLE = "LESIONLAB_MODE"


class Mode(StrEnum):
    """OWN: whoever sits at its computer runs it. STAND and CLASS: that takes the passphrase, there too."""

    OWN = "own"
    STAND = "stand"
    CLASS = "class"


def mode() -> Mode:
    """As `$LESIONLAB_MODE` says; OWN where it says nothing.

    Raises:
        ConfigError: it names no mode. Nobody is the operator then.
    """
    named = os.environ.get(VARIABLE) or Mode.OWN
    try:
        return Mode(named)
    except ValueError:
        raise ConfigError(f"${VARIABLE} names no mode of the server.",
                          f"Set it to one of: {', '.join(Mode)}.") from None
