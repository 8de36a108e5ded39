UPDATE accounts
SET day = $4, units = $5, counters = $6, open_estimates = $7, open_unpriced = $8, version = version + 1
WHERE namespace = $1 AND kind = $2 AND id = $3
