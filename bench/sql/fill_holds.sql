-- The settled holds of the charges that are younger than what the server prunes.
INSERT INTO holds (
    namespace, id, user_id, groups, chain, held, spent, state, on_expiry, admit_time, expire_time,
    admitted_expire_time, settle_time, attributes, fingerprint, answer
)
SELECT
    namespace, id, user_id, groups, chain, '{}', amounts, 2, 1, create_time - interval '1 s',
    create_time + interval '10 min', create_time + interval '10 min', create_time, attributes, fingerprint, '[]'
FROM charges
WHERE namespace = 'default' AND create_time > $1::timestamptz - interval '8 days'
