-- A pool has an account row exactly as long as it is limited.
SELECT
    namespace, kind, id,
    CASE WHEN account.day IS NULL THEN 'pool_without_account' ELSE 'account_without_pool' END AS finding
FROM (
    SELECT DISTINCT namespace, (CASE target_kind WHEN 5 THEN 3 ELSE 4 END)::smallint AS kind, target_id AS id
    FROM limits
    WHERE target_kind IN (5, 6)
) AS pool
FULL JOIN (SELECT * FROM whole_accounts WHERE kind IN (3, 4)) AS account USING (namespace, kind, id)
WHERE pool.namespace IS NULL OR account.namespace IS NULL
ORDER BY 1, 2, 3
