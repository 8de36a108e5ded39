-- What a pool's members have spent and hold, by the day it counts for and by unit, and how many of their charges still
-- wait for their cost. Kind 3 is the pool of a group: members are those whose charge or hold was admitted under it. Kind 4 is
-- everybody's.
WITH booked AS (
    SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, net, open, settlement
    FROM charges
    WHERE namespace = $1 AND ($2 = 4 OR groups @> ARRAY[$3::text])
),
entries AS (
    SELECT booked.day, amount.key AS unit, amount.value::bigint AS spent, 0::bigint AS held, 0 AS estimates, 0 AS unpriced
    FROM booked CROSS JOIN LATERAL jsonb_each_text(booked.net) AS amount
    UNION ALL
    SELECT (coalesce(hold.window_time, hold.admit_time) AT TIME ZONE 'UTC')::date, amount.key, 0, amount.value::bigint, 0, 0
    FROM holds AS hold CROSS JOIN LATERAL jsonb_each_text(hold.held) AS amount
    WHERE hold.namespace = $1 AND hold.state = 1 AND ($2 = 4 OR hold.groups @> ARRAY[$3::text])
    UNION ALL
    SELECT booked.day, '', 0, 0, (booked.settlement = 2)::int, (booked.settlement = 3)::int
    FROM booked
    WHERE booked.open
)
SELECT
    day, unit, sum(spent)::bigint AS spent, sum(held)::bigint AS held, sum(estimates)::bigint AS estimates,
    sum(unpriced)::bigint AS unpriced
FROM entries
GROUP BY day, unit
