INSERT INTO namespaces (name, units, group_rule, enabled, revision, rules_revision, etag, create_time)
VALUES ($1, $2, $3, $4, 1, 1, '1', almoner_now())
ON CONFLICT (name) DO NOTHING
RETURNING name, units, group_rule, enabled, etag, create_time
