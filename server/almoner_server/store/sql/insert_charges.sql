INSERT INTO charges (
    namespace, id, hold_id, user_id, groups, chain, amounts, net, settlement, open, late, origin, occurred_at,
    create_time, attributes, overrun, fingerprint
)
SELECT
    namespace, id, hold_id, user_id, groups::text [], chain::text [], amounts::jsonb, net::jsonb, settlement, open,
    late, origin, occurred_at, create_time, attributes::jsonb, overrun::jsonb, fingerprint
FROM unnest(
    $1::text [], $2::uuid [], $3::uuid [], $4::text [], $5::text [], $6::text [], $7::text [], $8::text [],
    $9::smallint [], $10::boolean [], $11::boolean [], $12::smallint [], $13::timestamptz [], $14::timestamptz [],
    $15::text [], $16::text [], $17::bytea []
) AS new (
    namespace, id, hold_id, user_id, groups, chain, amounts, net, settlement, open, late, origin, occurred_at,
    create_time, attributes, overrun, fingerprint
)
ORDER BY namespace, id
