INSERT INTO clock (frozen_at) VALUES ($1)
ON CONFLICT (singleton) DO UPDATE SET frozen_at = excluded.frozen_at, shift = '0'
