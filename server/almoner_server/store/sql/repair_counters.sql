-- Accounts, all of them locked, get what the ledger and the open holds come to, each in the windows that its own `day`
-- lies in. That is today at the latest, but no earlier than the newest entry: clocks go back. Those that have it all
-- already are left alone, and so are pools that are being filled: what was spent before is added to them yet. Users are
-- found by an index, the rest in one pass each.
WITH wanted AS MATERIALIZED (
    SELECT account.namespace, account.kind, account.id, account.day, account.units
    FROM jsonb_to_recordset($1::jsonb) AS named (namespace text, kind smallint, id text)
    JOIN whole_accounts AS account USING (namespace, kind, id)
),
entries AS NOT MATERIALIZED (
    SELECT
        namespace, user_id, chain, groups, (occurred_at AT TIME ZONE 'UTC')::date AS day, net AS spent, '{}'::jsonb AS held,
        (open AND settlement = 2)::int AS estimates, (open AND settlement = 3)::int AS unpriced
    FROM charges
    UNION ALL
    SELECT namespace, user_id, chain, groups, (coalesce(window_time, admit_time) AT TIME ZONE 'UTC')::date, '{}'::jsonb, held, 0, 0
    FROM holds
    WHERE state = 1
),
counted AS MATERIALIZED (
    SELECT wanted.namespace, wanted.kind, wanted.id, entry.day, entry.spent, entry.held, entry.estimates, entry.unpriced
    FROM wanted JOIN entries AS entry ON entry.namespace = wanted.namespace AND entry.user_id = wanted.id
    WHERE wanted.kind = 1
    UNION ALL
    SELECT wanted.namespace, wanted.kind, wanted.id, entry.day, entry.spent, entry.held, entry.estimates, entry.unpriced
    FROM entries AS entry
    CROSS JOIN LATERAL unnest(entry.chain) AS chat (id)
    JOIN wanted ON wanted.kind = 2 AND wanted.namespace = entry.namespace AND wanted.id = chat.id
    UNION ALL
    SELECT wanted.namespace, wanted.kind, wanted.id, entry.day, entry.spent, entry.held, entry.estimates, entry.unpriced
    FROM entries AS entry
    CROSS JOIN LATERAL unnest(entry.groups) AS pool (id)
    JOIN wanted ON wanted.kind = 3 AND wanted.namespace = entry.namespace AND wanted.id = pool.id
    UNION ALL
    SELECT wanted.namespace, wanted.kind, wanted.id, entry.day, entry.spent, entry.held, entry.estimates, entry.unpriced
    FROM wanted JOIN entries AS entry ON entry.namespace = wanted.namespace
    WHERE wanted.kind = 4
),
dated AS MATERIALIZED (
    SELECT
        wanted.namespace, wanted.kind, wanted.id,
        greatest(max(counted.day), least(wanted.day, (SELECT (almoner_now() AT TIME ZONE 'UTC')::date))) AS day
    FROM wanted LEFT JOIN counted USING (namespace, kind, id)
    GROUP BY wanted.namespace, wanted.kind, wanted.id, wanted.day
),
amounts AS (
    SELECT counted.namespace, counted.kind, counted.id, counted.day, amount.unit, amount.spent, amount.held
    FROM counted
    CROSS JOIN LATERAL (
        SELECT key AS unit, value::bigint AS spent, 0::bigint AS held FROM jsonb_each_text(counted.spent)
        UNION ALL
        SELECT key, 0, value::bigint FROM jsonb_each_text(counted.held)
    ) AS amount
    UNION ALL
    SELECT namespace, kind, id, day, unnest(units), 0, 0 FROM wanted
),
sums AS (
    SELECT
        dated.namespace, dated.kind, dated.id, amounts.unit, period.number AS period,
        coalesce(sum(amounts.spent) FILTER (WHERE inside.so), 0) AS spent,
        coalesce(sum(amounts.held) FILTER (WHERE inside.so), 0) AS held
    FROM dated
    JOIN amounts USING (namespace, kind, id)
    CROSS JOIN generate_series(1, 4) AS period (number)
    CROSS JOIN LATERAL (
        SELECT
            period.number = 4
            OR date_trunc((ARRAY['day', 'week', 'month'])[period.number], amounts.day::timestamp)
            = date_trunc((ARRAY['day', 'week', 'month'])[period.number], dated.day::timestamp) AS so
    ) AS inside
    GROUP BY dated.namespace, dated.kind, dated.id, amounts.unit, period.number
),
flat AS (
    SELECT
        sums.namespace, sums.kind, sums.id,
        array_agg(sums.unit ORDER BY sums.unit) FILTER (WHERE sums.period = 1 AND number.position = 1) AS units,
        array_agg(number.value::bigint ORDER BY sums.unit, sums.period, number.position) AS counters
    FROM sums
    CROSS JOIN LATERAL (VALUES (1, sums.spent), (2, sums.held)) AS number (position, value)
    GROUP BY sums.namespace, sums.kind, sums.id
),
marks AS (
    SELECT namespace, kind, id, sum(estimates) AS estimates, sum(unpriced) AS unpriced
    FROM counted
    GROUP BY namespace, kind, id
)
UPDATE accounts AS account
SET
    day = dated.day, units = coalesce(flat.units, '{}'), counters = coalesce(flat.counters, '{}'),
    open_estimates = coalesce(marks.estimates, 0), open_unpriced = coalesce(marks.unpriced, 0),
    version = account.version + 1
FROM dated
LEFT JOIN flat USING (namespace, kind, id)
LEFT JOIN marks USING (namespace, kind, id)
WHERE
    account.namespace = dated.namespace AND account.kind = dated.kind AND account.id = dated.id
    AND (account.day, account.units, account.counters, account.open_estimates, account.open_unpriced)
    IS DISTINCT FROM (
        dated.day, coalesce(flat.units, '{}'), coalesce(flat.counters, '{}'),
        coalesce(marks.estimates, 0)::bigint, coalesce(marks.unpriced, 0)::bigint
    )
