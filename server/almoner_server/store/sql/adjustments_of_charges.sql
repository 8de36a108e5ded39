SELECT *
FROM adjustments
WHERE namespace = $1 AND charge_id = ANY($2::uuid [])
ORDER BY charge_id, number
