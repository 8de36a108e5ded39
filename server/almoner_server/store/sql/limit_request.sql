SELECT fingerprint, target_kind, target_id, unit, period, after
FROM limit_changes
WHERE namespace = $1 AND request_id = $2
