-- A namespace's settings, one row for each of its limits that name no single user or chat, or one row without a limit.
SELECT
    namespace.name, namespace.units, namespace.group_rule, namespace.enabled, namespace.rules_revision,
    rule.target_kind, rule.target_id, rule.unit, rule.period, rule.amount, rule.expire_time, rule.etag,
    rule.update_time, rule.updated_by,
    ARRAY(
        SELECT ARRAY[filling.target_kind::text, filling.target_id] FROM pool_fillings AS filling
        WHERE filling.namespace = namespace.name
    ) AS filling
FROM namespaces AS namespace
LEFT JOIN limits AS rule ON rule.namespace = namespace.name AND rule.target_kind IN (1, 2, 5, 6)
WHERE namespace.name = ANY($1::text [])
