SELECT EXISTS (SELECT 1 FROM limits WHERE namespace = $1 AND target_kind = $2 AND target_id = $3)
