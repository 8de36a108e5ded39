-- What a hold says was spent on it is what its charges were booked with, but for an estimate whose place a late charge
-- has taken; and whatever has ended it by a charge, a commit or its expiry, is in the ledger.
--
-- Holds are forgotten and charges never are, so an id may have charges of an earlier hold; these do not count. A hold
-- that a direct charge has made has no fingerprint, and was admitted when that occurred: perhaps long before. Clocks go
-- back: so a hold may also have spent what all charges of its id come to.
WITH stories AS MATERIALIZED (
    SELECT
        hold.namespace, hold.id, hold.state,
        hold.state = 2 OR hold.state = 4 AND hold.on_expiry = 2 AS was_charged_at_its_end,
        bool_or(charge.create_time = hold.settle_time AND (charge.origin = 3) = (hold.state = 4)) AS has_that_charge,
        CASE count(charge.id)
            WHEN 0 THEN bool_and(hold.spent = '{}')
            WHEN 1 THEN bool_and(hold.spent = charge.amounts)
            ELSE false
        END AS is_plain
    FROM holds AS hold
    LEFT JOIN charges AS charge ON charge.namespace = hold.namespace AND charge.hold_id = hold.id
    GROUP BY hold.namespace, hold.id, hold.state, hold.on_expiry
),
-- Nearly all holds have one charge or none, and need no sum.
suspects AS MATERIALIZED (
    SELECT
        hold.namespace, hold.id, hold.spent,
        CASE WHEN hold.fingerprint = '' THEN hold.settle_time ELSE hold.admit_time END AS start_time
    FROM stories JOIN holds AS hold USING (namespace, id)
    WHERE NOT stories.is_plain
),
charged AS MATERIALIZED (
    SELECT
        suspect.namespace, suspect.id, charge.amounts, charge.late, charge.origin = 3 AS is_estimate,
        charge.create_time >= suspect.start_time AS is_own
    FROM suspects AS suspect
    JOIN charges AS charge ON charge.namespace = suspect.namespace AND charge.hold_id = suspect.id
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
    SELECT suspect.namespace, suspect.id, amount.key AS unit, amount.value::bigint AS spent
    FROM suspects AS suspect CROSS JOIN LATERAL jsonb_each_text(suspect.spent) AS amount
)
SELECT
    'spent_differs' AS finding, namespace, id, unit, coalesce(booked.by_own, 0)::bigint AS expected,
    coalesce(said.spent, 0) AS actual
FROM booked FULL JOIN said USING (namespace, id, unit)
WHERE coalesce(said.spent, 0) NOT IN (coalesce(booked.by_own, 0), coalesce(booked.by_all, 0))
UNION ALL
SELECT
    CASE WHEN state = 2 THEN 'committed_without_charge' ELSE 'expired_without_charge' END,
    namespace, id, NULL, NULL, NULL
FROM stories
WHERE was_charged_at_its_end AND has_that_charge IS NOT true
ORDER BY 1, 2, 3, 4
