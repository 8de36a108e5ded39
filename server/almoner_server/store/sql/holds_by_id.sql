SELECT hold.*
FROM unnest($1::text [], $2::uuid []) AS wanted (namespace, id)
JOIN holds AS hold USING (namespace, id)
