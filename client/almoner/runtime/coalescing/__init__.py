"""Calls of one moment in one RPC: see docs/decisions/0005-calls-of-one-moment-travel-together.md.

`asynchronous` for tasks, `blocking` for threads, with the same names; `schedule` is what they share.
"""
