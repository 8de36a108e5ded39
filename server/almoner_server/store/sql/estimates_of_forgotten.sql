-- What holds that are forgotten were charged at their expiry. One id may have been used for several holds, one after the
-- other: the last counts.
SELECT estimate.*
FROM jsonb_to_recordset($1::jsonb) AS forgotten (namespace text, hold_id uuid)
CROSS JOIN LATERAL (
    SELECT charge.*
    FROM charges AS charge
    WHERE
        charge.namespace = forgotten.namespace AND charge.hold_id = forgotten.hold_id AND charge.hold_id <> charge.id
        AND charge.origin = 3
    ORDER BY charge.create_time DESC
    LIMIT 1
) AS estimate
