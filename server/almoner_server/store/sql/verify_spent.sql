-- What a hold says was spent on it is what its charges were booked with, but for an estimate whose place a late charge has
-- taken; and whatever has ended it by a charge, a commit or its expiry, is in the ledger.
--
-- Holds are forgotten and charges never are, so an id may have charges of an earlier hold; these do not count. A hold
-- that a direct charge has made has no fingerprint, and was admitted when that occurred: perhaps long before. Clocks go
-- back: so a hold may also have spent what all charges of its id come to.
WITH charged AS MATERIALIZED (
    SELECT
        hold.namespace, hold.id, charge.amounts, charge.late, charge.origin = 3 AS is_estimate,
        charge.create_time >= CASE WHEN hold.fingerprint = '' THEN hold.settle_time ELSE hold.admit_time END AS is_own,
        charge.create_time = hold.settle_time AND (charge.origin = 3) = (hold.state = 4) AS has_ended_it
    FROM holds AS hold
    JOIN charges AS charge ON charge.namespace = hold.namespace AND charge.hold_id = hold.id
),
late AS (
    SELECT namespace, id, bool_or(is_own) AS is_own FROM charged WHERE late GROUP BY namespace, id
),
booked AS (
    SELECT
        charged.namespace, charged.id, amount.key AS unit,
        sum(amount.value::bigint) FILTER (WHERE NOT charged.is_estimate OR late.id IS NULL) AS by_all,
        sum(amount.value::bigint) FILTER (
            WHERE charged.is_own AND NOT (charged.is_estimate AND coalesce(late.is_own, false))
        ) AS by_own
    FROM charged
    LEFT JOIN late USING (namespace, id)
    CROSS JOIN LATERAL jsonb_each_text(charged.amounts) AS amount
    GROUP BY charged.namespace, charged.id, amount.key
),
said AS (
    SELECT hold.namespace, hold.id, amount.key AS unit, amount.value::bigint AS spent
    FROM holds AS hold CROSS JOIN LATERAL jsonb_each_text(hold.spent) AS amount
),
ended AS (
    SELECT namespace, id FROM charged WHERE has_ended_it
)
SELECT
    'spent_differs' AS finding, namespace, id, unit, coalesce(booked.by_own, 0)::bigint AS expected,
    coalesce(said.spent, 0) AS actual
FROM booked FULL JOIN said USING (namespace, id, unit)
WHERE coalesce(said.spent, 0) NOT IN (coalesce(booked.by_own, 0), coalesce(booked.by_all, 0))
UNION ALL
SELECT
    CASE WHEN hold.state = 2 THEN 'committed_without_charge' ELSE 'expired_without_charge' END,
    hold.namespace, hold.id, NULL, NULL, NULL
FROM holds AS hold LEFT JOIN ended USING (namespace, id)
WHERE (hold.state = 2 OR hold.state = 4 AND hold.on_expiry = 2) AND ended.id IS NULL
ORDER BY 1, 2, 3, 4
