"""The systems: each file is one system, its tasks, splits, variants and hooks, and a row in
`registry.py`. No network, no training and no import of torch when a module is loaded: a system's
estimators are built, and their modules imported, when they are called for.
"""
