-- Says that a pool is being filled by $4, and gives it an empty account. A filling that somebody else has begun and not
-- ended starts over. The account's version is one that no row of it has had: a process may remember an earlier row by it.
WITH begun AS (
    INSERT INTO pool_fillings (namespace, target_kind, target_id, token, start_time)
    VALUES ($1, $2, $3, $4, almoner_now())
    ON CONFLICT (namespace, target_kind, target_id) DO UPDATE SET token = $4, start_time = excluded.start_time
)
INSERT INTO accounts (namespace, kind, id, day, units, counters, open_estimates, open_unpriced, version)
VALUES (
    $1, $2 - 2, $3, (almoner_now() AT TIME ZONE 'UTC')::date, '{}', '{}', 0, 0,
    (extract(EPOCH FROM clock_timestamp()) * 1000000)::bigint
)
ON CONFLICT (namespace, kind, id) DO UPDATE
    SET day = excluded.day, units = '{}', counters = '{}', open_estimates = 0, open_unpriced = 0, version = excluded.version
