-- The holds whose time has run out, of the first $1 entries of each namespace that are due; `more` tells whether there may
-- be others. Entries none of whose holds has to be ended are done with, and go; those that somebody else looks at are his.
WITH due AS MATERIALIZED (
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
to_end AS MATERIALIZED (
    SELECT due.place, hold.namespace, hold.id, hold.expire_time
    FROM due
    CROSS JOIN LATERAL unnest(due.hold_ids) AS listed (id)
    JOIN holds AS hold ON hold.namespace = due.namespace AND hold.id = listed.id
    WHERE hold.state = 1 AND hold.expire_time <= (SELECT almoner_now())
),
done_with AS (
    DELETE FROM expiries USING due
    WHERE expiries.ctid = due.place AND due.place NOT IN (SELECT to_end.place FROM to_end)
)
SELECT
    coalesce(array_agg(to_end.namespace ORDER BY to_end.expire_time), '{}') AS namespaces,
    coalesce(array_agg(to_end.id ORDER BY to_end.expire_time), '{}') AS hold_ids,
    EXISTS (SELECT 1 FROM due GROUP BY namespace HAVING count(*) = $1) AS more
FROM to_end
