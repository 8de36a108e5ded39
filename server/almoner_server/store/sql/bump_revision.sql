UPDATE namespaces SET revision = revision + 1, rules_revision = rules_revision + $2
WHERE name = $1
RETURNING revision
