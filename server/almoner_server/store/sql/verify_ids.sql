-- Ids that occur twice: their primary key or, of the request of a top-up, their unique index has been lost.
SELECT 'holds' AS name, namespace, id::text, count(*) FROM holds GROUP BY namespace, id HAVING count(*) > 1
UNION ALL
SELECT 'charges', namespace, id::text, count(*) FROM charges GROUP BY namespace, id HAVING count(*) > 1
UNION ALL
SELECT 'adjustments', namespace, id::text, count(*) FROM adjustments GROUP BY namespace, id HAVING count(*) > 1
UNION ALL
SELECT 'chats', namespace, id, count(*) FROM chats GROUP BY namespace, id HAVING count(*) > 1
UNION ALL
SELECT
    'accounts', namespace, concat_ws(' ', (ARRAY['USER', 'CHAT', 'GROUP', 'NAMESPACE'])[kind], nullif(id, '')), count(*)
FROM accounts
GROUP BY namespace, kind, id
HAVING count(*) > 1
UNION ALL
SELECT
    'limits', namespace,
    concat_ws(
        ' ', (ARRAY['NAMESPACE_DEFAULT', 'GROUP_DEFAULT', 'USER', 'CHAT', 'GROUP_POOL', 'NAMESPACE_POOL'])[target_kind],
        nullif(target_id, ''), 'on', unit, 'per', (ARRAY['DAY', 'WEEK', 'MONTH', 'LIFETIME'])[period]
    ),
    count(*)
FROM limits
GROUP BY namespace, target_kind, target_id, unit, period
HAVING count(*) > 1
UNION ALL
SELECT 'limit_changes', namespace, 'of revision ' || revision, count(*)
FROM limit_changes
GROUP BY namespace, revision
HAVING count(*) > 1
UNION ALL
SELECT 'limit_changes', namespace, 'of request ' || request_id, count(*)
FROM limit_changes
WHERE request_id IS NOT NULL
GROUP BY namespace, request_id
HAVING count(*) > 1
UNION ALL
SELECT 'user_groups', namespace, user_id, count(*) FROM user_groups GROUP BY namespace, user_id HAVING count(*) > 1
UNION ALL
SELECT 'namespaces', name, name, count(*) FROM namespaces GROUP BY name HAVING count(*) > 1
