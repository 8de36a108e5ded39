UPDATE accounts AS found
SET day = new.day, units = new.units, counters = new.counters, open_estimates = coalesce(new.open_estimates, 0),
    open_unpriced = coalesce(new.open_unpriced, 0), version = found.version + 1
FROM jsonb_to_recordset($1::jsonb) AS new (
    namespace text, kind smallint, id text, day date, units text [], counters bigint [], open_estimates bigint,
    open_unpriced bigint
)
WHERE found.namespace = new.namespace AND found.kind = new.kind AND found.id = new.id
