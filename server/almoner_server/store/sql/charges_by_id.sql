SELECT charge.*
FROM unnest($1::text [], $2::uuid []) AS wanted (namespace, id)
JOIN charges AS charge USING (namespace, id)
