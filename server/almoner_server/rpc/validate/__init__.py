"""Check what a message says and turn it into core types (docs/semantics.md, Errors).

Everything that can be told from the message alone is told here, before the store is touched. Whether a
namespace exists and counts a unit only the store knows; it answers that before it decides anything.
"""
