"""Pointwise functions: the namespace that shapes, curves and filters write their formulas with.

A formula is a method with a parameter `xp`, the namespace that evaluates it (`functions.py` says
what is in it). It consists of arithmetic and of functions of `xp`; it has no buffers, no
assignments to parts of arrays, and no branches on values. So a formula can be recorded as well as
computed, and how its functions are computed is written once.
"""
