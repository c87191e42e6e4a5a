"""Shapes: the segments of chains, each a formula over local time; a file per shape."""

from lrdsl.language.shapes.base import SHAPES, Form, Shape, shape

__all__ = ["SHAPES", "Form", "Shape", "shape"]
