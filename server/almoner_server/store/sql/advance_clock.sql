INSERT INTO clock (shift) VALUES ($1)
ON CONFLICT (singleton) DO UPDATE
SET frozen_at = clock.frozen_at + $1,
    shift = CASE WHEN clock.frozen_at IS NULL THEN clock.shift + $1 ELSE clock.shift END
