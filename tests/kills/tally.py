"""What came of the kills of one task, or of all."""

from collections.abc import Iterable
from dataclasses import dataclass, field

ROWS = {"kills": "kills", "lost": "lost", "false": "states false", "steps": "clock steps", "equal": "results equal",
        "stops": "stops", "slowest": "slowest stop s"}


@dataclass
class Tally:
    """What came of one task; `wrong` in sentences."""

    kills: int = 0
    lost: int = 0
    false: int = 0
    steps: int = 0
    ends: int = 0
    equal: int = 0
    stops: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def shown(self, column: str) -> str:
        if column == "equal":
            return f"{self.equal} of {self.ends}"
        return f"{self.slowest:.1f}" if column == "slowest" else str(getattr(self, column))

    @classmethod
    def of_all(cls, tallies: Iterable["Tally"]) -> "Tally":
        """What came of several tasks together, without their sentences."""
        tallies = list(tallies)
        sums = {name: sum(getattr(one, name) for one in tallies)
                for name in ("kills", "lost", "false", "steps", "ends", "equal", "stops")}
        return cls(**sums, slowest=max((one.slowest for one in tallies), default=0.0))

    def complain(self, sentence: str) -> None:
        self.wrong.append(sentence)
        print(f"    WRONG: {sentence}", flush=True)
