"""The journal of commits: what was spent is on disk here before it is told to the authority.

One SQLite file in a directory of the caller's, for any number of processes. Why so: docs/decisions/0007.
Everything in here is plain code for both clients; what it answers are `concurrent.futures.Future`s.
"""
