SELECT stored.groups
FROM namespaces AS namespace
LEFT JOIN user_groups AS stored ON stored.namespace = namespace.name AND stored.user_id = $2
WHERE namespace.name = $1
