INSERT INTO adjustments (
    namespace, id, charge_id, kind, amounts, change, reason, create_time, fingerprint, net_after, open_after
)
SELECT
    namespace, id, charge_id, kind, amounts::jsonb, change::jsonb, reason, create_time, fingerprint, net_after::jsonb,
    open_after
FROM unnest(
    $1::text [], $2::uuid [], $3::uuid [], $4::smallint [], $5::text [], $6::text [], $7::text [], $8::timestamptz [],
    $9::bytea [], $10::text [], $11::boolean []
) AS new (
    namespace, id, charge_id, kind, amounts, change, reason, create_time, fingerprint, net_after, open_after
)
ORDER BY namespace, id
