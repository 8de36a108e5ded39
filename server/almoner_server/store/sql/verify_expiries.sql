-- Holds and the charges that name them: an expiry is charged once (in the windows of its hold), and a charge belongs to whom its hold does. Charges that
-- are older than the hold are those of an earlier one with its id, which has been forgotten (see verify_spent.sql).
SELECT 'two_expiry_charges' AS finding, namespace, hold_id AS id, string_agg(id::text, ', ' ORDER BY id) AS detail
FROM charges
WHERE origin = 3
GROUP BY namespace, hold_id, occurred_at
HAVING count(*) > 1
UNION ALL
SELECT
    'charge_of_another', charge.namespace, hold.id,
    format('charge %s of user %s, hold of user %s', charge.id, charge.user_id, hold.user_id)
FROM charges AS charge
JOIN holds AS hold ON hold.namespace = charge.namespace AND hold.id = coalesce(charge.hold_id, charge.id)
WHERE
    (charge.user_id, charge.groups, charge.chain) IS DISTINCT FROM (hold.user_id, hold.groups, hold.chain)
    AND charge.hold_id IS NOT NULL
    AND charge.create_time >= CASE WHEN hold.fingerprint = '' THEN hold.settle_time ELSE hold.admit_time END
ORDER BY 1, 2, 3
