-- The open holds of a namespace, newest first; $2 and $3 are the key of the last one of the page before. They are found
-- among those that are listed at their expiry: a namespace keeps its settled holds for days, and most holds are settled.
SELECT hold.*
FROM (SELECT DISTINCT unnest(expiries.hold_ids) AS id FROM expiries WHERE expiries.namespace = $1) AS listed
CROSS JOIN LATERAL (
    SELECT * FROM holds WHERE holds.namespace = $1 AND holds.id = listed.id AND holds.state = 1 LIMIT 1
) AS hold
WHERE (hold.admit_time, hold.id) < ($2::timestamptz, $3::uuid)
ORDER BY hold.admit_time DESC, hold.id DESC
LIMIT $4
