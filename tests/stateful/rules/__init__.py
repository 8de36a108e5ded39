"""What may happen in a history, one kind of step a file."""
