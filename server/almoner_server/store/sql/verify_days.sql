-- Accounts whose day is not one that they can have come to. One that is ahead has forgotten what was spent in the
-- windows that still run; one that is behind will forget it at its next use. A clock that goes back takes no account
-- back, but then something has happened on the later day. Clocks of replicas may differ a little around midnight. What
-- comes to nothing is counted nowhere, and so brings no account to its day.
WITH latest AS MATERIALIZED (
    SELECT
        (
            greatest(
                almoner_now() + interval '1 minute', (SELECT max(create_time) FROM charges),
                (SELECT max(greatest(admit_time, window_time, settle_time)) FROM holds), (SELECT max(create_time) FROM adjustments),
                (SELECT max(change_time) FROM limit_changes)
            ) AT TIME ZONE 'UTC'
        )::date AS day
),
ahead AS MATERIALIZED (
    SELECT namespace, kind, id, day
    FROM whole_accounts
    WHERE day > (SELECT ((almoner_now() + interval '1 minute') AT TIME ZONE 'UTC')::date)
),
entries AS (
    SELECT namespace, user_id, chain, groups, (occurred_at AT TIME ZONE 'UTC')::date AS day, net AS amounts FROM charges
    UNION ALL
    SELECT namespace, user_id, chain, groups, (coalesce(window_time, admit_time) AT TIME ZONE 'UTC')::date, held FROM holds WHERE state = 1
)
SELECT 'day_ahead' AS finding, namespace, kind, id, (SELECT day FROM latest) AS expected, day AS actual
FROM ahead
WHERE day > (SELECT day FROM latest)
UNION ALL
SELECT 'day_behind', account.namespace, account.kind, account.id, max(entries.day), account.day
FROM entries
CROSS JOIN LATERAL (
    SELECT 1::smallint AS kind, entries.user_id AS id
    UNION ALL
    SELECT 2, unnest(entries.chain)
    UNION ALL
    SELECT 3, unnest(entries.groups)
    UNION ALL
    SELECT 4, ''
) AS counted
JOIN whole_accounts AS account
    ON account.namespace = entries.namespace AND account.kind = counted.kind AND account.id = counted.id
    AND CASE WHEN account.day < entries.day THEN entries.amounts @? '$.* ? (@ != 0)' END
GROUP BY account.namespace, account.kind, account.id, account.day
ORDER BY 2, 3, 4
