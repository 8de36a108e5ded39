"""Client of Almoner, the quota authority for LLM and agent spend."""
