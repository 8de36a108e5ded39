DELETE FROM user_groups WHERE namespace = $1 AND user_id = $2
