INSERT INTO user_groups (namespace, user_id, groups) VALUES ($1, $2, $3)
ON CONFLICT (namespace, user_id) DO UPDATE SET groups = excluded.groups
