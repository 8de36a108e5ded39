-- All that a batch changes, if nothing it was decided on has changed since it was read; otherwise nothing at all.
--
-- `revision` guards limits, groups and settings, and keeps them as they are until the commit: whoever changes them locks
-- the namespace. An account's `version` guards the account and, on a user's, the user's holds and charges. Rows that
-- are new are guarded by their keys, those of `expiries` by their holds'. `namespaces` comes first so that rows are locked
-- in one order everywhere.
--
-- A part that has no rows is left out (see statements.py): setting up all of them takes longer than most batches. `:name`
-- stands for a parameter, the rows of a part as JSON or one of the values of the last SELECT. A row leaves out what is as
-- usual; coalesce() says what that is.
WITH namespaces_kept AS MATERIALIZED (
    SELECT found.name
    FROM jsonb_to_recordset(:namespaces_kept::jsonb) AS seen (name text, revision bigint)
    JOIN namespaces AS found USING (name)
    WHERE found.revision = seen.revision
    ORDER BY found.name
    FOR SHARE OF found
),
guard AS MATERIALIZED (
    SELECT count(*) AS namespaces FROM namespaces_kept
)
-- part seen
, seen AS MATERIALIZED (
    SELECT count(*) AS accounts
    FROM jsonb_to_recordset(:seen::jsonb) AS seen (namespace text, kind smallint, id text, version bigint)
    LEFT JOIN accounts AS found USING (namespace, kind, id)
    WHERE coalesce(found.version, 0) = seen.version
)
-- end
-- part changed_accounts
, changed_accounts AS (
    UPDATE accounts AS found
    SET day = new.day, units = new.units, counters = new.counters,
        open_estimates = coalesce(new.open_estimates, 0), open_unpriced = coalesce(new.open_unpriced, 0),
        version = found.version + 1
    FROM guard CROSS JOIN jsonb_to_recordset(:changed_accounts::jsonb) AS new (
        namespace text, kind smallint, id text, day date, units text [], counters bigint [], open_estimates bigint,
        open_unpriced bigint, version bigint
    )
    WHERE found.namespace = new.namespace AND found.kind = new.kind AND found.id = new.id AND found.version = new.version
        AND guard.namespaces = :namespace_count::bigint
    RETURNING 1
)
-- end
-- part new_accounts
, new_accounts AS (
    INSERT INTO accounts (namespace, kind, id, day, units, counters, open_estimates, open_unpriced, version)
    SELECT
        namespace, kind, id, day, units, counters, coalesce(open_estimates, 0), coalesce(open_unpriced, 0), 1
    FROM guard CROSS JOIN jsonb_to_recordset(:new_accounts::jsonb) AS new (
        namespace text, kind smallint, id text, day date, units text [], counters bigint [], open_estimates bigint,
        open_unpriced bigint
    )
)
-- end
-- part new_chats
, new_chats AS (
    INSERT INTO chats (namespace, id, chain, create_time)
    SELECT namespace, id, chain, create_time
    FROM guard CROSS JOIN jsonb_to_recordset(:new_chats::jsonb) AS new (
        namespace text, id text, chain text [], create_time timestamptz
    )
)
-- end
-- part new_holds
, new_holds AS (
    INSERT INTO holds (
        namespace, id, user_id, groups, named_groups, chain, held, spent, state, on_expiry, admit_time, expire_time,
        admitted_expire_time, settle_time, attributes, fingerprint, answer
    )
    SELECT
        namespace, id, user_id, coalesce(groups, '{}'), named_groups, coalesce(chain, '{}'), held, coalesce(spent, '{}'),
        coalesce(state, 1), coalesce(on_expiry, 1), admit_time, expire_time,
        coalesce(admitted_expire_time, expire_time), settle_time, coalesce(attributes, '{}'), fingerprint, answer
    FROM guard CROSS JOIN jsonb_to_recordset(:new_holds::jsonb) AS new (
        namespace text, id uuid, user_id text, groups text [], named_groups text [], chain text [], held jsonb,
        spent jsonb, state smallint, on_expiry smallint, admit_time timestamptz, expire_time timestamptz, admitted_expire_time timestamptz,
        settle_time timestamptz, attributes jsonb, fingerprint bytea, answer text
    )
)
-- end
-- part changed_holds
, changed_holds AS (
    UPDATE holds AS found
    SET held = coalesce(new.held, '{}'), spent = new.spent, state = new.state,
        expire_time = coalesce(new.expire_time, found.admitted_expire_time), settle_time = new.settle_time,
        window_time = new.window_time
    FROM guard CROSS JOIN jsonb_to_recordset(:changed_holds::jsonb) AS new (
        namespace text, id uuid, held jsonb, spent jsonb, state smallint, window_time timestamptz,
        expire_time timestamptz, settle_time timestamptz
    )
    WHERE found.namespace = new.namespace AND found.id = new.id AND guard.namespaces = :namespace_count::bigint
    RETURNING 1
)
-- end
-- part new_expiries
, new_expiries AS (
    INSERT INTO expiries (namespace, expire_time, hold_ids)
    SELECT namespace, expire_time, hold_ids
    FROM guard CROSS JOIN jsonb_to_recordset(:new_expiries::jsonb) AS new (
        namespace text, expire_time timestamptz, hold_ids uuid []
    )
)
-- end
-- part new_charges
, new_charges AS (
    INSERT INTO charges (
        namespace, id, hold_id, user_id, groups, chain, amounts, net, settlement, open, late, origin, occurred_at,
        create_time, attributes, overrun, fingerprint, adjustment_count
    )
    SELECT
        namespace, id, hold_id, user_id, coalesce(groups, '{}'), coalesce(chain, '{}'), amounts,
        coalesce(net, amounts), coalesce(settlement, 1), coalesce(open, false), coalesce(late, false),
        coalesce(origin, 1), occurred_at, create_time, coalesce(attributes, '{}'), coalesce(overrun, '{}'),
        fingerprint, coalesce(adjustment_count, 0)
    FROM guard CROSS JOIN jsonb_to_recordset(:new_charges::jsonb) AS new (
        namespace text, id uuid, hold_id uuid, user_id text, groups text [], chain text [], amounts jsonb, net jsonb,
        settlement smallint, open boolean, late boolean, origin smallint, occurred_at timestamptz,
        create_time timestamptz, attributes jsonb, overrun jsonb, fingerprint bytea,
        adjustment_count bigint
    )
)
-- end
-- part changed_charges
, changed_charges AS (
    UPDATE charges AS found
    SET net = new.net, open = new.open, adjustment_count = new.adjustment_count
    FROM guard CROSS JOIN jsonb_to_recordset(:changed_charges::jsonb) AS new (
        namespace text, id uuid, net jsonb, open boolean, adjustment_count bigint
    )
    WHERE found.namespace = new.namespace AND found.id = new.id AND guard.namespaces = :namespace_count::bigint
    RETURNING 1
)
-- end
-- part new_adjustments
, new_adjustments AS (
    INSERT INTO adjustments (
        namespace, id, charge_id, kind, amounts, change, reason, create_time, fingerprint, net_after, open_after, number
    )
    SELECT
        namespace, id, charge_id, kind, amounts, change, reason, create_time, fingerprint, net_after, open_after, number
    FROM guard CROSS JOIN jsonb_to_recordset(:new_adjustments::jsonb) AS new (
        namespace text, id uuid, charge_id uuid, kind smallint, amounts jsonb, change jsonb, reason text,
        create_time timestamptz, fingerprint bytea, net_after jsonb, open_after boolean, number bigint
    )
)
-- end
-- `row_count` is how many rows there must be of all that is guarded or changed. A batch decided from memory has taken the time
-- `decided_at` for the clock's.
SELECT
    coalesce(clock.frozen_at, clock_timestamp() + clock.shift, clock_timestamp()) AS now,
    EXISTS (SELECT 1 FROM waiting WHERE replica <> :replica::uuid AND lease_until > clock_timestamp()) AS others_wait,
    CASE
        WHEN guard.namespaces
-- part seen
            + (SELECT accounts FROM seen)
-- end
-- part changed_accounts
            + (SELECT count(*) FROM changed_accounts)
-- end
-- part changed_holds
            + (SELECT count(*) FROM changed_holds)
-- end
-- part changed_charges
            + (SELECT count(*) FROM changed_charges)
-- end
            <> :row_count::bigint THEN almoner_conflict()
-- part decided_at
        WHEN clock.singleton THEN almoner_conflict()
        WHEN abs(extract(epoch FROM clock_timestamp() - :decided_at::timestamptz)) > 2 THEN almoner_conflict()
-- end
    END AS conflict
FROM guard LEFT JOIN clock ON true
