"""Measures of the platform, each as a ratio to an honest minimal program in the same run.

    python -m bench                 all measures; writes bench/results.json and the page of docs/
    python -m bench --quick         a first look in under three minutes; writes nothing
    python -m bench --only relay    one measure
    python -m bench --profile relay where its time goes, kept for the page

The machine is never quiet and never the same, so no figure stands alone: the platform and its
baseline take turns in several rounds, and what counts is the median of the rounds' ratios.
"""
