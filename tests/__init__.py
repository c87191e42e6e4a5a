"""The tests. Whatever they start computes on one thread: networks are small, and cores are shared."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # which torch reads as it is imported
