-- Rows of namespaces that do not exist: no call reaches them. Namespaces are never deleted.
WITH counted AS (
    SELECT 'accounts' AS name, namespace, count(*) FROM accounts GROUP BY namespace
    UNION ALL
    SELECT 'adjustments', namespace, count(*) FROM adjustments GROUP BY namespace
    UNION ALL
    SELECT 'charges', namespace, count(*) FROM charges GROUP BY namespace
    UNION ALL
    SELECT 'chats', namespace, count(*) FROM chats GROUP BY namespace
    UNION ALL
    SELECT 'expiries', namespace, count(*) FROM expiries GROUP BY namespace
    UNION ALL
    SELECT 'holds', namespace, count(*) FROM holds GROUP BY namespace
    UNION ALL
    SELECT 'limit_changes', namespace, count(*) FROM limit_changes GROUP BY namespace
    UNION ALL
    SELECT 'limits', namespace, count(*) FROM limits GROUP BY namespace
    UNION ALL
    SELECT 'user_groups', namespace, count(*) FROM user_groups GROUP BY namespace
)
SELECT 'unknown_namespace' AS finding, counted.name, counted.namespace, counted.count
FROM counted
WHERE NOT EXISTS (SELECT 1 FROM namespaces WHERE namespaces.name = counted.namespace)
ORDER BY 3, 2
