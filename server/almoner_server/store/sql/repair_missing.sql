-- An empty row for each account that lacks one; of pools only those that are still limited. Whoever adds the same row
-- at this moment is waited for, and then the row is his.
-- Its version is one that no row of this account has had: a process may remember an earlier row by its version.
INSERT INTO accounts (namespace, kind, id, day, units, counters, open_estimates, open_unpriced, version)
SELECT wanted.namespace, wanted.kind, wanted.id, (almoner_now() AT TIME ZONE 'UTC')::date, '{}', '{}', 0, 0,
    (extract(EPOCH FROM clock_timestamp()) * 1000000)::bigint
FROM jsonb_to_recordset($1::jsonb) AS wanted (namespace text, kind smallint, id text)
WHERE
    wanted.kind <= 2
    OR EXISTS (
        SELECT 1 FROM limits
        WHERE
            limits.namespace = wanted.namespace AND limits.target_id = wanted.id
            AND limits.target_kind = CASE wanted.kind WHEN 3 THEN 5 ELSE 6 END
    )
ORDER BY wanted.namespace, wanted.kind, wanted.id
ON CONFLICT DO NOTHING
