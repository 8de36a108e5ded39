"""Random histories against a model of docs/semantics.md: whatever happens, the authority answers as the model does."""
