-- Every limit is what the last change in its history has made of it. An override whose time is over may be pruned;
-- where a test sets the clock, its time may have been over before the clock went back.
WITH last AS (
    SELECT DISTINCT ON (namespace, target_kind, target_id, unit, period)
        namespace, target_kind, target_id, unit, period, after <> 'null' AS was_set,
        (after ->> 'amount')::bigint AS amount, (after ->> 'expire_time')::timestamptz AS expire_time
    FROM limit_changes
    ORDER BY namespace, target_kind, target_id, unit, period, revision DESC
),
compared AS (
    SELECT
        namespace, target_kind, target_id, unit, period, rule.etag IS NOT NULL AS is_there,
        coalesce(last.was_set, false) AS was_set, rule.amount AS stored, rule.expire_time AS stored_expire_time,
        last.amount AS said, last.expire_time AS said_expire_time
    FROM limits AS rule
    FULL JOIN last USING (namespace, target_kind, target_id, unit, period)
)
SELECT
    CASE WHEN NOT is_there THEN 'limit_missing' WHEN was_set THEN 'limit_differs' ELSE 'limit_without_change' END AS finding,
    namespace, target_kind, target_id, unit, period, stored, stored_expire_time, said, said_expire_time
FROM compared
WHERE
    CASE
        WHEN NOT is_there AND said_expire_time IS NOT NULL
            THEN said_expire_time > almoner_now() AND NOT EXISTS (SELECT 1 FROM clock)
        WHEN NOT is_there THEN was_set
        ELSE NOT was_set OR (stored, stored_expire_time) IS DISTINCT FROM (said, said_expire_time)
    END
ORDER BY 2, 3, 4, 5, 6
