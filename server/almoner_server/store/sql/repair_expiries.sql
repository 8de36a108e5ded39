-- Lists the open holds of the namespaces $1 that are not listed at their expiry; returns how many.
WITH unlisted AS MATERIALIZED (
    SELECT hold.namespace, hold.id, hold.expire_time
    FROM holds AS hold
    WHERE
        hold.state = 1 AND hold.namespace = ANY($1::text [])
        AND NOT EXISTS (
            SELECT 1 FROM expiries
            WHERE
                expiries.namespace = hold.namespace AND expiries.expire_time = hold.expire_time
                AND hold.id = ANY(expiries.hold_ids)
        )
),
listed AS (
    INSERT INTO expiries (namespace, expire_time, hold_ids)
    SELECT namespace, expire_time, array_agg(id) FROM unlisted GROUP BY namespace, expire_time
)
SELECT count(*) FROM unlisted
