UPDATE namespaces SET units = $2, group_rule = $3, enabled = $4, etag = $5
WHERE name = $1
RETURNING name, units, group_rule, enabled, etag, create_time
