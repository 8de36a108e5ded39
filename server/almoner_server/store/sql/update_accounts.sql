UPDATE accounts AS account
SET day = new.day, units = new.units::text [], counters = new.counters::bigint [],
    open_estimates = new.open_estimates, open_unpriced = new.open_unpriced, version = account.version + 1
FROM unnest(
    $1::text [], $2::smallint [], $3::text [], $4::date [], $5::text [], $6::text [], $7::bigint [], $8::bigint []
) AS new (namespace, kind, id, day, units, counters, open_estimates, open_unpriced)
WHERE account.namespace = new.namespace AND account.kind = new.kind AND account.id = new.id
