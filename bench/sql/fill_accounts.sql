-- What every user's and every chat's charges come to, in the windows of the day of $1.
WITH today AS (
    SELECT ($1::timestamptz AT TIME ZONE 'UTC')::date AS day
),
entries AS (
    SELECT
        1::smallint AS kind, user_id AS id, (occurred_at AT TIME ZONE 'UTC')::date AS day,
        (net ->> 'usd_micros')::bigint AS spent
    FROM charges
    UNION ALL
    SELECT 2, chain[1], (occurred_at AT TIME ZONE 'UTC')::date, (net ->> 'usd_micros')::bigint
    FROM charges
    WHERE chain <> '{}'
)
INSERT INTO accounts (namespace, kind, id, day, units, counters, open_estimates, open_unpriced, version)
SELECT
    'default', kind, id, today.day, '{in_flight,usd_micros}',
    array_fill(0::bigint, ARRAY[8]) || ARRAY[
        coalesce(sum(spent) FILTER (WHERE entries.day = today.day), 0), 0,
        coalesce(sum(spent) FILTER (WHERE entries.day >= date_trunc('week', today.day::timestamp)), 0), 0,
        coalesce(sum(spent) FILTER (WHERE entries.day >= date_trunc('month', today.day::timestamp)), 0), 0,
        sum(spent), 0
    ]::bigint [],
    0, 0, 1
FROM entries CROSS JOIN today
GROUP BY kind, id, today.day
ORDER BY kind, id
