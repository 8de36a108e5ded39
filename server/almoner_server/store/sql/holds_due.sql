-- The holds whose time has run out, of the first rows of each namespace that are due: at most $1 rows, and no more once they
-- list 10 * $1 holds. `more` tells whether there may be others. Rows none of whose holds is left to be ended are done with
-- and go; those that another process looks at right now are left to it.
WITH first_rows AS MATERIALIZED (
    SELECT entry.place, entry.namespace, entry.expire_time, entry.hold_ids
    FROM namespaces AS namespace
    CROSS JOIN LATERAL (
        SELECT expiries.ctid AS place, expiries.namespace, expiries.expire_time, expiries.hold_ids
        FROM expiries
        WHERE expiries.namespace = namespace.name AND expiries.expire_time <= (SELECT almoner_now())
        ORDER BY expiries.expire_time
        LIMIT $1
        FOR UPDATE SKIP LOCKED
    ) AS entry
),
due AS MATERIALIZED (
    SELECT counted.place, counted.namespace, counted.hold_ids
    FROM (
        SELECT *, sum(cardinality(hold_ids)) OVER (PARTITION BY namespace ORDER BY expire_time, place) AS holds
        FROM first_rows
    ) AS counted
    WHERE counted.holds - cardinality(counted.hold_ids) < 10 * $1::bigint
),
listed AS MATERIALIZED (
    SELECT due.place, due.namespace, unnest(due.hold_ids) AS id FROM due
),
to_end AS MATERIALIZED (
    SELECT listed.place, hold.namespace, hold.id, hold.expire_time
    FROM listed
    CROSS JOIN LATERAL (
        SELECT holds.namespace, holds.id, holds.expire_time
        FROM holds
        WHERE
            holds.namespace = listed.namespace AND holds.id = listed.id
            AND holds.state = 1 AND holds.expire_time <= (SELECT almoner_now())
        LIMIT 1  -- each by its key: a join may go through all holds instead
    ) AS hold
),
done_with AS (
    DELETE FROM expiries USING due
    WHERE expiries.ctid = due.place AND due.place NOT IN (SELECT to_end.place FROM to_end)
)
SELECT
    coalesce(array_agg(to_end.namespace ORDER BY to_end.expire_time), '{}') AS namespaces,
    coalesce(array_agg(to_end.id ORDER BY to_end.expire_time), '{}') AS hold_ids,
    EXISTS (SELECT 1 FROM first_rows GROUP BY namespace HAVING count(*) = $1)
    OR (SELECT count(*) FROM first_rows) > (SELECT count(*) FROM due) AS more
FROM to_end
