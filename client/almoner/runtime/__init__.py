"""What differs between the async client and its blocking twin, written by hand once for each.

Both modules have the same names. `tools/generate_blocking.py` replaces one by the other.
"""
