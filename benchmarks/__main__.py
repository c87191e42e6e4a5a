"""`python -m benchmarks`: measure, and print one table."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from benchmarks import readme, table
from benchmarks.groups import GROUPS, measured
from benchmarks.rows import Row
from benchmarks.timing import FULL, QUICK, USUAL

_ABOUT = "Measure what lrdsl costs beside what people use now."


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=_ABOUT)
    parser.add_argument("--only", action="append", choices=[*GROUPS], default=[], help="one group")
    work = parser.add_mutually_exclusive_group()
    work.add_argument("--quick", action="store_true", help="little work: does it run at all?")
    work.add_argument("--full", action="store_true", help="more rounds, and no samples")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md")
    parser.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="draw pictures there, no table"
    )
    given = parser.parse_args()
    if given.readme and (given.only or given.quick):
        parser.error("the README has the whole table: --readme takes no --only and no --quick")
    effort = QUICK if given.quick else FULL if given.full else USUAL
    warnings.simplefilter("ignore")  # what peers warn of is not of interest here
    if given.plots is not None:
        from benchmarks.plots import draw

        for path in draw(given.plots, effort):
            print(path)
        return
    rows: list[Row] = []
    for row in measured(effort, given.only):
        rows.append(row)
        if sys.stderr.isatty():  # measuring it all takes a minute or two
            print(f"measured: {row.what} over {row.over}", file=sys.stderr)
    print(table.text(rows))
    if given.json is not None:
        given.json.write_text(table.as_json(rows), encoding="utf-8")
    if given.readme:
        readme.write(rows)


if __name__ == "__main__":
    main()
