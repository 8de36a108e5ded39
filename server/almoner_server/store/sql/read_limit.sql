SELECT * FROM limits WHERE namespace = $1 AND target_kind = $2 AND target_id = $3 AND unit = $4 AND period = $5
