DELETE FROM pool_fillings WHERE namespace = $1 AND target_kind = $2 AND target_id = $3 AND token = $4
RETURNING token
