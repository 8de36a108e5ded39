"""Tests of what the examples print and of what surrounds the product."""
