"""Measures Almoner beside its yardsticks on this machine, and guards the ratios. See README.md."""
