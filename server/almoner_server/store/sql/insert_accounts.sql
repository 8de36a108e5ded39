-- A row that is there already makes the transaction start again: then it is locked and read like the others.
INSERT INTO accounts (namespace, kind, id, day, units, counters, open_estimates, open_unpriced, version)
SELECT namespace, kind, id, day, units::text [], counters::bigint [], open_estimates, open_unpriced, 1
FROM unnest(
    $1::text [], $2::smallint [], $3::text [], $4::date [], $5::text [], $6::text [], $7::bigint [], $8::bigint []
) AS new (namespace, kind, id, day, units, counters, open_estimates, open_unpriced)
ORDER BY namespace, kind, id
