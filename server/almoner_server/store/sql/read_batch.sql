-- All that a batch needs, as of one moment: each column lists the rows of one table. `others_wait` tells whether another
-- replica than this one, $1, has callers who wait for room.
SELECT
    almoner_now() AS now,
    EXISTS (SELECT 1 FROM waiting WHERE replica <> $1 AND lease_until > clock_timestamp()) AS others_wait,
    EXISTS (SELECT 1 FROM clock) AS clock_is_set,
    ARRAY(SELECT found FROM namespaces AS found WHERE found.name = ANY($2::text [])) AS namespaces,
    ARRAY(
        SELECT found FROM jsonb_to_recordset($3::jsonb) AS wanted (namespace text, kind smallint, id text)
        JOIN accounts AS found USING (namespace, kind, id)
    ) AS accounts,
    ARRAY(
        SELECT found FROM jsonb_to_recordset($4::jsonb) AS wanted (namespace text, user_id text)
        JOIN user_groups AS found USING (namespace, user_id)
    ) AS user_groups,
    ARRAY(
        SELECT found FROM jsonb_to_recordset($5::jsonb) AS wanted (namespace text, target_kind smallint, target_id text)
        JOIN limits AS found USING (namespace, target_kind, target_id)
    ) AS limits,
    ARRAY(
        SELECT found FROM jsonb_to_recordset($6::jsonb) AS wanted (namespace text, id text)
        JOIN chats AS found USING (namespace, id)
    ) AS chats,
    ARRAY(
        SELECT found FROM jsonb_to_recordset($7::jsonb) AS wanted (namespace text, id uuid)
        JOIN holds AS found USING (namespace, id)
    ) AS holds,
    ARRAY(
        SELECT found FROM jsonb_to_recordset($8::jsonb) AS wanted (namespace text, id uuid)
        JOIN charges AS found USING (namespace, id)
    ) AS charges,
    ARRAY(
        SELECT found FROM jsonb_to_recordset($9::jsonb) AS wanted (namespace text, id uuid)
        JOIN adjustments AS found USING (namespace, id)
    ) AS adjustments
