SELECT name, units, group_rule, enabled, etag, create_time FROM namespaces WHERE name = $1
