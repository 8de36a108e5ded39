-- Ids that occur twice: their primary key has been lost.
SELECT 'holds' AS name, namespace, id::text, count(*) FROM holds GROUP BY namespace, id HAVING count(*) > 1
UNION ALL
SELECT 'charges', namespace, id::text, count(*) FROM charges GROUP BY namespace, id HAVING count(*) > 1
UNION ALL
SELECT 'adjustments', namespace, id::text, count(*) FROM adjustments GROUP BY namespace, id HAVING count(*) > 1
UNION ALL
SELECT 'chats', namespace, id, count(*) FROM chats GROUP BY namespace, id HAVING count(*) > 1
UNION ALL
SELECT 'accounts', namespace, kind || ' ' || id, count(*) FROM accounts GROUP BY namespace, kind, id HAVING count(*) > 1
