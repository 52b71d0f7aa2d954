"""`python -m tests.kills --seed 0 --kills 100`: kills at random moments; a table of what was lost, shown and found."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.kills.shooting import shoot
from tests.kills.tally import ROWS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="decides who is killed when")
    parser.add_argument("--kills", type=int, default=100, help="how many")
    parser.add_argument("--only", metavar="TASK", help="kill this task alone, as the table names it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        tallies = shoot(Path(place), arguments.seed, arguments.kills, arguments.only)
    print(f"{'task':<24}" + "".join(f"{heading:>15}" for heading in ROWS.values()))
    for name, tally in tallies.items():
        print(f"{name:<24}" + "".join(f"{tally.shown(field):>15}" for field in ROWS))
    return int(any(tally.wrong for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
