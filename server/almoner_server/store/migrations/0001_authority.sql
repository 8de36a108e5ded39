-- The authority's tables. The words are those of docs/semantics.md; numbers of closed sets are those of the protobuf enums.
--
-- The namespace comes first in every key, no row is numbered by a sequence, and there are no foreign keys: a foreign
-- key to `namespaces` would make every call of a namespace lock the same row. Ids compare by their bytes (COLLATE "C"),
-- so that no locale of the database changes an order.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '10min';

-- An isolation boundary. `revision` grows with every change an administrator makes in it, `rules_revision` with those
-- of settings and of limits that name no single user or chat: these are cached, and read anew when it has grown. Whoever
-- changes something locks the row; a transaction of a batch shares it, and so finds `revision` as it was or begins again.
CREATE TABLE namespaces (
    name text COLLATE "C" PRIMARY KEY,
    units text [] NOT NULL,
    group_rule smallint NOT NULL CHECK (group_rule IN (1, 2)),
    enabled boolean NOT NULL,
    revision bigint NOT NULL,
    rules_revision bigint NOT NULL,
    etag text NOT NULL,
    create_time timestamptz NOT NULL
);

-- Whatever accumulates spend: a user (kind 1), a chat (2), a group pool (3), the namespace pool (4). One row holds all
-- units, because a check evaluates the limits of all of them: `counters` has eight numbers for each of `units`, spent
-- and held of the day, week, month and lifetime. They count in the windows that `day` lies in. A pool has its row
-- exactly as long as it is limited. Nothing that changes is indexed, so that updates stay in their page.
CREATE TABLE accounts (
    namespace text COLLATE "C" NOT NULL,
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 4),
    id text COLLATE "C" NOT NULL,
    day date NOT NULL,
    units text [] NOT NULL,
    counters bigint [] NOT NULL,
    open_estimates bigint NOT NULL,
    open_unpriced bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (namespace, kind, id),
    CHECK (cardinality(counters) = 8 * cardinality(units))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- The groups an administrator has put a user in, sorted. A user without has no row.
CREATE TABLE user_groups (
    namespace text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    groups text [] NOT NULL,
    PRIMARY KEY (namespace, user_id)
);

-- A conversation or agent run. `chain` runs from its root to itself and never changes.
CREATE TABLE chats (
    namespace text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    chain text [] NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (namespace, id)
);

-- Rules: who may spend how much. No amount means an explicit unlimited. The pools and defaults of a namespace are few
-- and lie apart from those of users and chats, whose number has no bound.
CREATE TABLE limits (
    namespace text COLLATE "C" NOT NULL,
    target_kind smallint NOT NULL CHECK (target_kind BETWEEN 1 AND 6),
    target_id text COLLATE "C" NOT NULL,
    unit text COLLATE "C" NOT NULL,
    period smallint NOT NULL CHECK (period BETWEEN 1 AND 4),
    amount bigint CHECK (amount >= 0),
    expire_time timestamptz,
    etag text NOT NULL,
    update_time timestamptz NOT NULL,
    updated_by text NOT NULL,
    PRIMARY KEY (namespace, target_kind, target_id, unit, period)
);
CREATE INDEX limits_ending ON limits (namespace, expire_time) WHERE expire_time IS NOT NULL;

-- Who changed which limit, when, from what, to what and why. `revision` is the namespace's of that change and so gives
-- their order. A change by a delta keeps its request_id, and what it asked for as a fingerprint.
CREATE TABLE limit_changes (
    namespace text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    id uuid NOT NULL,
    target_kind smallint NOT NULL,
    target_id text COLLATE "C" NOT NULL,
    unit text COLLATE "C" NOT NULL,
    period smallint NOT NULL,
    before jsonb,
    after jsonb,
    change_time timestamptz NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    request_id uuid,
    fingerprint bytea,
    PRIMARY KEY (namespace, revision)
);
CREATE INDEX limit_changes_of_target ON limit_changes (namespace, target_kind, target_id, revision);
CREATE UNIQUE INDEX limit_changes_request ON limit_changes (namespace, request_id) WHERE request_id IS NOT NULL;

-- Amounts set aside. Amounts are maps from unit to number. Whoever has locked the account row of the hold's user may
-- change the hold. Settled ones (state other than 1) are pruned after a while. `answer` is JSON that no statement looks
-- into, so it is kept as it came. Nothing that changes is indexed, and a page has room for each of its rows once more:
-- to settle a hold adds nothing to any index, unless it has been changed before.
CREATE TABLE holds (
    namespace text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    groups text [] NOT NULL,
    named_groups text [],  -- those that the request named; null: all of `groups`
    chain text [] NOT NULL,
    held jsonb NOT NULL,
    spent jsonb NOT NULL,
    state smallint NOT NULL CHECK (state BETWEEN 1 AND 4),
    on_expiry smallint NOT NULL CHECK (on_expiry IN (1, 2)),
    admit_time timestamptz NOT NULL,
    window_time timestamptz,  -- the moment whose windows it counts in; null: `admit_time`
    expire_time timestamptz NOT NULL,
    admitted_expire_time timestamptz NOT NULL,
    settle_time timestamptz,
    attributes jsonb NOT NULL,
    fingerprint bytea NOT NULL,
    answer text NOT NULL,
    PRIMARY KEY (namespace, id),
    CHECK ((state = 1) = (settle_time IS NULL))
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
-- Lists are in the order of time and id. Few rows share a time, those of one batch and of one import, so the id is not worth
-- a place in an index.
CREATE INDEX holds_by_time ON holds (namespace, admit_time);
-- Users and trees come in any order. An index made anew, as after a restore, would be packed, and split a page at every
-- few entries: so it leaves room.
CREATE INDEX holds_of_user ON holds (namespace, user_id, admit_time) WITH (fillfactor = 70);
-- The chats of one tree lie together: a chat's own are found among its root's.
CREATE INDEX holds_of_tree ON holds (namespace, (chain[1]), admit_time)
WITH (fillfactor = 70) WHERE chain <> '{}';

-- When to look whether holds have run out. Every open hold is listed at its `expire_time`, together with those of its batch
-- that end at the same moment; one that is extended is listed again. Nobody takes out what has ended earlier: it is
-- passed over when its time comes. Shortening the file would lock out everybody who admits a hold.
CREATE TABLE expiries (
    namespace text COLLATE "C" NOT NULL,
    expire_time timestamptz NOT NULL,
    hold_ids uuid [] NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, vacuum_truncate = false);
CREATE INDEX expiries_due ON expiries (namespace, expire_time);

-- The ledger: amounts booked. Only `net`, `open` and `adjustment_count` ever change, through adjustments.
CREATE TABLE charges (
    namespace text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    hold_id uuid,
    user_id text COLLATE "C" NOT NULL,
    groups text [] NOT NULL,
    chain text [] NOT NULL,
    amounts jsonb NOT NULL,
    net jsonb NOT NULL,
    settlement smallint NOT NULL CHECK (settlement BETWEEN 1 AND 3),
    open boolean NOT NULL,
    late boolean NOT NULL,
    origin smallint NOT NULL CHECK (origin BETWEEN 1 AND 3),
    occurred_at timestamptz NOT NULL,
    create_time timestamptz NOT NULL,
    attributes jsonb NOT NULL,
    overrun jsonb NOT NULL,
    fingerprint bytea NOT NULL,
    adjustment_count bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (namespace, id)
);
CREATE INDEX charges_by_time ON charges (namespace, create_time);
CREATE INDEX charges_of_user ON charges (namespace, user_id, create_time) WITH (fillfactor = 70);
CREATE INDEX charges_of_tree ON charges (namespace, (chain[1]), create_time)
WITH (fillfactor = 70) WHERE chain <> '{}';
-- A final charge has the id of its hold and is found by it; only the others need an entry.
CREATE INDEX charges_of_hold ON charges (namespace, hold_id, create_time) WHERE hold_id <> id;
CREATE INDEX charges_open ON charges (namespace, create_time) WHERE open;

-- The ledger: corrections of charges. `change` is what one did to the charge's `net`, `number` which of the charge's it is.
CREATE TABLE adjustments (
    namespace text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    charge_id uuid NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    amounts jsonb NOT NULL,
    change jsonb NOT NULL,
    reason text NOT NULL,
    create_time timestamptz NOT NULL,
    fingerprint bytea NOT NULL,
    net_after jsonb NOT NULL,
    open_after boolean NOT NULL,
    number bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (namespace, id)
);
CREATE INDEX adjustments_of_charge ON adjustments (namespace, charge_id, number);

-- Replicas with callers that wait for room, each until its lease ends. Lost in a crash, and then announced anew.
CREATE UNLOGGED TABLE waiting (
    replica uuid PRIMARY KEY,
    lease_until timestamptz NOT NULL
);

-- A clock set by a test: stopped at `frozen_at`, or else running `shift` ahead. Empty in production.
CREATE TABLE clock (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    frozen_at timestamptz,
    shift interval NOT NULL DEFAULT '0'
);

-- The one clock of all replicas.
CREATE FUNCTION almoner_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT coalesce((SELECT coalesce(frozen_at, clock_timestamp() + shift) FROM clock), clock_timestamp())
$$;

-- What a batch says when something it was decided on has changed meanwhile: nothing of it is written, it begins again.
CREATE FUNCTION almoner_conflict() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'another transaction came first';
END
$$;

-- Every counter of every account in a row of its own, for people.
CREATE VIEW account_balances AS
SELECT
    account.namespace,
    (ARRAY['USER', 'CHAT', 'GROUP', 'NAMESPACE'])[account.kind] AS kind,
    account.id,
    account.day,
    unit.name AS unit,
    period.name AS period,
    account.counters[8 * (unit.position - 1) + 2 * period.position - 1] AS spent,
    account.counters[8 * (unit.position - 1) + 2 * period.position] AS held
FROM accounts AS account
CROSS JOIN LATERAL unnest(account.units) WITH ORDINALITY AS unit (name, position)
CROSS JOIN unnest(ARRAY['DAY', 'WEEK', 'MONTH', 'LIFETIME']) WITH ORDINALITY AS period (name, position);

INSERT INTO namespaces (name, units, group_rule, enabled, revision, rules_revision, etag, create_time)
VALUES ('default', ARRAY['credits', 'messages', 'tokens', 'usd_micros'], 1, true, 1, 1, '1', almoner_now());
