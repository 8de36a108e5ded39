-- $1 entries of the ledger over the past year, the users in turn; one user in ten works in a chat.
-- Ids are ordered by time, as those of callers are.
INSERT INTO charges (
    namespace, id, hold_id, user_id, groups, chain, amounts, net, settlement, open, late, origin, occurred_at,
    create_time, attributes, overrun, fingerprint
)
SELECT
    'default', entry.id, entry.id, 'user-' || lpad(entry.owner::text, 8, '0'), '{}',
    CASE WHEN entry.owner % 10 = 0 THEN ARRAY['chat-of-' || entry.owner] ELSE '{}' END,
    entry.amounts, entry.amounts, 1, false, false, 1, entry.moment, entry.moment, '{"model": "large"}', '{}',
    '\x00112233445566778899aabbccddeeff'
FROM (
    SELECT
        number % $2 AS owner,
        jsonb_build_object('usd_micros', 500 + number % 1000) AS amounts,
        $3::timestamptz - interval '365 days' * (1 - (number + 0.5) / $1) AS moment,
        (
            lpad(to_hex((extract(epoch FROM $3::timestamptz - interval '365 days' * (1 - (number + 0.5) / $1)) * 1000)::bigint), 12, '0')
            || '7000' || '8' || lpad(to_hex(number), 15, '0')
        )::uuid AS id
    FROM generate_series($4::bigint, $5::bigint - 1) AS number
) AS entry
ORDER BY entry.id
