INSERT INTO holds (
    namespace, id, user_id, groups, chain, held, spent, state, on_expiry, admit_time, expire_time,
    admitted_expire_time, settle_time, attributes, fingerprint, answer
)
SELECT
    namespace, id, user_id, groups::text [], chain::text [], held::jsonb, spent::jsonb, state, on_expiry, admit_time,
    expire_time, admitted_expire_time, settle_time, attributes::jsonb, fingerprint, answer
FROM unnest(
    $1::text [], $2::uuid [], $3::text [], $4::text [], $5::text [], $6::text [], $7::text [], $8::smallint [],
    $9::smallint [], $10::timestamptz [], $11::timestamptz [], $12::timestamptz [], $13::timestamptz [], $14::text [],
    $15::bytea [], $16::text []
) AS new (
    namespace, id, user_id, groups, chain, held, spent, state, on_expiry, admit_time, expire_time,
    admitted_expire_time, settle_time, attributes, fingerprint, answer
)
ORDER BY namespace, id
