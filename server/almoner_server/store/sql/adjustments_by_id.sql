SELECT adjustment.*
FROM unnest($1::text [], $2::uuid []) AS wanted (namespace, id)
JOIN adjustments AS adjustment USING (namespace, id)
