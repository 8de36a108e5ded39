"""What was said: messages in, validated, answered by the engine or the store, messages out."""
