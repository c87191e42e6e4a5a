"""The tests. All of them, and what they start, compute on one thread: the networks are small."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # which torch reads as it is imported
