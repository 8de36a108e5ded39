-- A charge comes to what was booked and what its adjustments changed; only estimates and unpriced ones can be open.
WITH changes AS (
    SELECT adjustment.namespace, adjustment.charge_id AS id, change.key AS unit, sum(change.value::bigint) AS by
    FROM adjustments AS adjustment CROSS JOIN LATERAL jsonb_each_text(adjustment.change) AS change
    GROUP BY 1, 2, 3
),
-- Only charges that differ from their amounts, or have been adjusted, can be wrong.
suspects AS (
    SELECT namespace, id, amounts, net FROM charges WHERE net <> amounts
    UNION
    SELECT charge.namespace, charge.id, charge.amounts, charge.net
    FROM changes JOIN charges AS charge USING (namespace, id)
)
SELECT
    'net_differs' AS finding, suspect.namespace, suspect.id, unit.name AS unit,
    coalesce((suspect.amounts ->> unit.name)::bigint, 0) + coalesce(changes.by, 0)::bigint AS expected,
    coalesce((suspect.net ->> unit.name)::bigint, 0) AS actual
FROM suspects AS suspect
CROSS JOIN LATERAL (
    SELECT jsonb_object_keys(suspect.amounts || suspect.net) AS name
    UNION
    SELECT changes.unit FROM changes WHERE changes.namespace = suspect.namespace AND changes.id = suspect.id
) AS unit
LEFT JOIN changes
    ON changes.namespace = suspect.namespace AND changes.id = suspect.id AND changes.unit = unit.name
WHERE
    coalesce((suspect.amounts ->> unit.name)::bigint, 0) + coalesce(changes.by, 0)
    <> coalesce((suspect.net ->> unit.name)::bigint, 0)
UNION ALL
SELECT 'open_but_actual', namespace, id, NULL, NULL, NULL FROM charges WHERE open AND settlement = 1
UNION ALL
SELECT 'adjustment_without_charge', adjustment.namespace, adjustment.id, NULL, NULL, NULL
FROM adjustments AS adjustment
LEFT JOIN charges AS charge ON charge.namespace = adjustment.namespace AND charge.id = adjustment.charge_id
WHERE charge.id IS NULL
ORDER BY 1, 2, 3, 4
