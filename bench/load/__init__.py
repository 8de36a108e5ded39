"""What makes the load, in processes of its own."""
