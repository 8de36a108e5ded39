-- Open holds whose time is over, although the authority was at work a minute later and has had another minute since.
-- While none runs nobody ends them, and that is no difference; nor is it where a test sets the clock, since that goes
-- faster than anybody can follow.
WITH moment AS MATERIALIZED (
    SELECT almoner_now() - interval '1 minute' AS before
),
at_work AS MATERIALIZED (
    SELECT max(entry.moment) AS last
    FROM (
        SELECT create_time AS moment FROM charges
        UNION ALL
        SELECT coalesce(settle_time, admit_time) FROM holds
    ) AS entry
    WHERE entry.moment <= (SELECT before FROM moment)
)
SELECT 'overdue' AS finding, namespace, id, expire_time
FROM holds
WHERE
    state = 1 AND expire_time <= (SELECT before FROM moment) - interval '1 minute'
    AND NOT EXISTS (SELECT 1 FROM clock)
    AND expire_time <= (SELECT last FROM at_work) - interval '1 minute'
ORDER BY 2, 3
