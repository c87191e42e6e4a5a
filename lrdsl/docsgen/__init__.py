"""Generates the pages and the pictures of docs/ that are made from the code.

    python -m lrdsl.docsgen            write those that are out of date
    python -m lrdsl.docsgen --check    name them, and change nothing

`pages` lists them all; each other module makes one page.
"""
