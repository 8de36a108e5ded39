"""Generated from protos/almoner/testing/v1; never edited."""
