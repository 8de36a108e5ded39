-- In one order everywhere: two batches never wait for each other.
SELECT account.namespace, account.kind, account.id, account.day, account.units, account.counters,
       account.open_estimates, account.open_unpriced
FROM unnest($1::text [], $2::smallint [], $3::text []) AS wanted (namespace, kind, id)
JOIN accounts AS account USING (namespace, kind, id)
ORDER BY account.namespace, account.kind, account.id
FOR UPDATE OF account
