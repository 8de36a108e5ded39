-- Every limit is what the last change in its history has made of it. An override whose time is over may be pruned.
WITH last AS (
    SELECT DISTINCT ON (namespace, target_kind, target_id, unit, period)
        namespace, target_kind, target_id, unit, period, after
    FROM limit_changes
    ORDER BY namespace, target_kind, target_id, unit, period, revision DESC
),
compared AS (
    SELECT
        namespace, target_kind, target_id, unit, period, rule.etag AS etag, rule.amount AS stored, last.after,
        (last.after ->> 'amount')::bigint AS said, last.namespace IS NOT NULL AND last.after <> 'null' AS was_set
    FROM limits AS rule
    FULL JOIN last USING (namespace, target_kind, target_id, unit, period)
)
SELECT
    CASE WHEN etag IS NULL THEN 'limit_missing' WHEN was_set THEN 'limit_differs' ELSE 'limit_without_change' END AS finding,
    namespace, target_kind, target_id, unit, period, stored, said
FROM compared
WHERE
    CASE
        WHEN etag IS NULL
            THEN was_set AND coalesce((after ->> 'expire_time')::timestamptz > almoner_now(), true)
        ELSE was_set IS NOT true OR stored IS DISTINCT FROM said
    END
ORDER BY 2, 3, 4, 5, 6
