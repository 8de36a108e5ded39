"""Answers for people. Only these modules import rich, and only commands that draw import these."""
