"""Shapes: the segments of chains, each a formula over local time; a file per shape."""

from lrdsl.language.shapes.base import SHAPES, Shape, ShapeSignature, shape

__all__ = ["SHAPES", "Shape", "ShapeSignature", "shape"]
