INSERT INTO limits (
    namespace, target_kind, target_id, unit, period, amount, expire_time, etag, update_time, updated_by
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (namespace, target_kind, target_id, unit, period) DO UPDATE
SET amount = excluded.amount, expire_time = excluded.expire_time, etag = excluded.etag,
    update_time = excluded.update_time, updated_by = excluded.updated_by
