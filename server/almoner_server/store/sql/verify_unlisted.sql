-- Open holds that nobody would look at when their time has come.
SELECT 'open_hold_not_listed' AS finding, hold.namespace, hold.id, hold.expire_time
FROM holds AS hold
WHERE
    hold.state = 1
    AND NOT EXISTS (
        SELECT 1 FROM expiries
        WHERE
            expiries.namespace = hold.namespace AND expiries.expire_time = hold.expire_time
            AND hold.id = ANY(expiries.hold_ids)
    )
ORDER BY 2, 3
