"""What runs once and leaves a record: leaks, robustness, fusion, searches, tables of results. The
tool never imports it.
"""
