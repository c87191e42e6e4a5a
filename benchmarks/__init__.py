"""What lrdsl costs, measured beside what people use now.

python -m benchmarks

A file for each group of rows, `python -m benchmarks --only NAME` for one of them; `timing.py`
measures, `rows.py` says what a row is, `table.py` prints them. docs/benchmarks.md tells how.
"""
