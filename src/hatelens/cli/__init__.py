"""The command line: one file per command, all of them gathered in ``cli.main``.

Command modules import only what ``--help`` needs at their top; the work is imported when it
is asked for, so that ``hatelens --help`` and ``hatelens detect`` stay quick.
"""
