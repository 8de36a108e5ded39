-- A pool's account as of now: what its members' charges come to, and what their open holds hold, each in its windows.
-- Kind 3 is the pool of a group: members are those whose charge or hold was admitted under it. Kind 4 is everybody's.
-- The pool may have had an account before, which a process may remember by its version: this one has another.
WITH today AS MATERIALIZED (
    SELECT (almoner_now() AT TIME ZONE 'UTC')::date AS day
),
booked AS (
    SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, net, open, settlement
    FROM charges
    WHERE namespace = $1 AND ($2 = 4 OR groups @> ARRAY[$3::text])
),
entries AS (
    SELECT booked.day, amount.key AS unit, amount.value::bigint AS spent, 0::bigint AS held
    FROM booked CROSS JOIN LATERAL jsonb_each_text(booked.net) AS amount
    UNION ALL
    SELECT (hold.admit_time AT TIME ZONE 'UTC')::date, amount.key, 0, amount.value::bigint
    FROM holds AS hold CROSS JOIN LATERAL jsonb_each_text(hold.held) AS amount
    WHERE hold.namespace = $1 AND hold.state = 1 AND ($2 = 4 OR hold.groups @> ARRAY[$3::text])
),
sums AS (
    SELECT
        unit,
        ARRAY[
            coalesce(sum(spent) FILTER (WHERE entries.day = today.day), 0),
            coalesce(sum(held) FILTER (WHERE entries.day = today.day), 0),
            coalesce(sum(spent) FILTER (WHERE date_trunc('week', entries.day::timestamp) = date_trunc('week', today.day::timestamp)), 0),
            coalesce(sum(held) FILTER (WHERE date_trunc('week', entries.day::timestamp) = date_trunc('week', today.day::timestamp)), 0),
            coalesce(sum(spent) FILTER (WHERE date_trunc('month', entries.day::timestamp) = date_trunc('month', today.day::timestamp)), 0),
            coalesce(sum(held) FILTER (WHERE date_trunc('month', entries.day::timestamp) = date_trunc('month', today.day::timestamp)), 0),
            sum(spent),
            sum(held)
        ]::bigint [] AS numbers
    FROM entries CROSS JOIN today
    GROUP BY unit
),
flat AS (
    SELECT array_agg(unit ORDER BY unit) AS units, array_agg(numbers ORDER BY unit) AS numbers FROM sums
)
INSERT INTO accounts (namespace, kind, id, day, units, counters, open_estimates, open_unpriced, version)
SELECT
    $1, $2, $3, today.day, coalesce(flat.units, '{}'), ARRAY(SELECT unnest(flat.numbers)),
    (SELECT count(*) FROM booked WHERE open AND settlement = 2),
    (SELECT count(*) FROM booked WHERE open AND settlement = 3),
    (extract(EPOCH FROM clock_timestamp()) * 1000000)::bigint
FROM flat CROSS JOIN today
