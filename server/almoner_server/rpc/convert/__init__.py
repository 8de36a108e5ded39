"""Turn what the core answers into messages. The numbers of enums are the same on both sides."""
