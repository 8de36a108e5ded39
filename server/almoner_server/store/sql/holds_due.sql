-- The holds whose time has run out, oldest first. Of each namespace at most $1 rows are looked at; of all of them, the first
-- rows of each before the second ones, no more once they list $2 holds. `more` tells whether there may be others.
--
-- Rows of which no hold is left to be ended are done with and go, others shrink to those that are left. A row that another
-- process is just changing is left to it. The clock is read once: a hold that was passed over as not yet due must be
-- listed in a row that is not due yet.
WITH moment AS MATERIALIZED (
    SELECT almoner_now() AS now
),
first_rows AS MATERIALIZED (
    SELECT
        entry.place, entry.namespace, entry.expire_time, entry.hold_ids,
        row_number() OVER (PARTITION BY entry.namespace ORDER BY entry.expire_time, entry.place) AS rank
    FROM namespaces AS namespace
    CROSS JOIN LATERAL (
        SELECT expiries.ctid AS place, expiries.namespace, expiries.expire_time, expiries.hold_ids
        FROM expiries
        WHERE expiries.namespace = namespace.name AND expiries.expire_time <= (SELECT moment.now FROM moment)
        ORDER BY expiries.expire_time
        LIMIT $1
    ) AS entry
),
due AS MATERIALIZED (
    SELECT counted.place, counted.namespace, counted.hold_ids
    FROM (
        SELECT *, sum(cardinality(hold_ids)) OVER (ORDER BY rank, expire_time, namespace) AS holds FROM first_rows
    ) AS counted
    WHERE counted.holds - cardinality(counted.hold_ids) < $2::bigint
),
listed AS MATERIALIZED (
    SELECT due.place, due.namespace, unnest(due.hold_ids) AS id FROM due
),
looked_at AS MATERIALIZED (
    SELECT listed.place, listed.namespace, listed.id, hold.expire_time  -- no time: it is not to be ended
    FROM listed
    LEFT JOIN LATERAL (
        SELECT holds.expire_time
        FROM holds
        WHERE
            holds.namespace = listed.namespace AND holds.id = listed.id
            AND holds.state = 1 AND holds.expire_time <= (SELECT moment.now FROM moment)
        LIMIT 1  -- each by its key: a join may go through all holds instead
    ) AS hold ON true
),
remaining AS MATERIALIZED (
    SELECT place, array_agg(id) FILTER (WHERE expire_time IS NOT NULL) AS hold_ids
    FROM looked_at
    GROUP BY place
    HAVING bool_or(expire_time IS NULL)
),
changing AS MATERIALIZED (
    SELECT remaining.place, remaining.hold_ids
    FROM remaining JOIN expiries ON expiries.ctid = remaining.place
    FOR UPDATE OF expiries SKIP LOCKED
),
done_with AS (
    DELETE FROM expiries USING changing
    WHERE expiries.ctid = changing.place AND changing.hold_ids IS NULL
),
shrunk AS (
    UPDATE expiries SET hold_ids = changing.hold_ids
    FROM changing
    WHERE expiries.ctid = changing.place AND changing.hold_ids IS NOT NULL
)
SELECT
    coalesce(array_agg(hold.namespace ORDER BY hold.expire_time), '{}') AS namespaces,
    coalesce(array_agg(hold.id ORDER BY hold.expire_time), '{}') AS hold_ids,
    EXISTS (SELECT 1 FROM first_rows GROUP BY namespace HAVING count(*) = $1)
    OR (SELECT count(*) FROM first_rows) > (SELECT count(*) FROM due) AS more
FROM (SELECT DISTINCT namespace, id, expire_time FROM looked_at WHERE expire_time IS NOT NULL) AS hold
