-- Facts that never change once they are true: 1 whose a hold is, 2 whose a charge is, 3 the chain of a chat.
SELECT 1 AS part, hold.namespace, hold.id, NULL AS chat, hold.user_id, hold.groups, hold.chain
FROM unnest($1::text [], $2::uuid []) AS wanted (namespace, id)
JOIN holds AS hold USING (namespace, id)
UNION ALL
SELECT 2, charge.namespace, charge.id, NULL, charge.user_id, charge.groups, charge.chain
FROM unnest($3::text [], $4::uuid []) AS wanted (namespace, id)
JOIN charges AS charge USING (namespace, id)
UNION ALL
SELECT 3, chat.namespace, NULL, chat.id, NULL, NULL, chat.chain
FROM unnest($5::text [], $6::text []) AS wanted (namespace, id)
JOIN chats AS chat USING (namespace, id)
