"""The pointwise functions that shapes and curves are written with, for numpy."""
