"""Many callers of several server processes at once: some order explains all that they were told."""
