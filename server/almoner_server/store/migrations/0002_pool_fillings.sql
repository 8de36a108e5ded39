-- Pools whose account counts what is spent from now on while what was spent before is still being summed up. Such a pool
-- has no limit yet. `token` is whoever fills it: who began last.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '10min';

CREATE TABLE pool_fillings (
    namespace text COLLATE "C" NOT NULL,
    target_kind smallint NOT NULL CHECK (target_kind IN (5, 6)),
    target_id text COLLATE "C" NOT NULL,
    token uuid NOT NULL,
    start_time timestamptz NOT NULL,
    PRIMARY KEY (namespace, target_kind, target_id)
);

-- The accounts whose counters are whole: those of pools that are being filled lack what was before.
CREATE VIEW whole_accounts AS
SELECT account.*
FROM accounts AS account
WHERE NOT EXISTS (
    SELECT 1 FROM pool_fillings AS filling
    WHERE
        filling.namespace = account.namespace AND filling.target_kind = account.kind + 2
        AND filling.target_id = account.id AND account.kind IN (3, 4)
);
