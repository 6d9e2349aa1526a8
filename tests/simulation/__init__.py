"""The engine's core under every fault at once, driven by one number.

`plan` draws what a seed's world is like, `world` lets its actors take turns, `actors` are the
engine's own classes with `faults` around their ports, `freezing` stops a step in its middle,
`checker` judges the end without using the engine, `mutants` are bugs that the judge must find.
"""
