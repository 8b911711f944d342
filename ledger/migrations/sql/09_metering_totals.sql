-- Totals of the windows by Beijing day, which charges and pages read.

-- Absolute totals of the kept windows, folded in the same transaction. `held` is Σ held_ms × num;
-- a device-millisecond is held / den. `util_ppm_ms` / `util_ms` is the mean utilisation over the
-- time in which it was measured: not measured is not zero.
CREATE TABLE day_totals (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    model text NOT NULL,
    holder_kind text NOT NULL
        CHECK (holder_kind IN ('pod', 'slurm', 'static', 'unallocated', 'unattributed')),
    holder text NOT NULL,
    mig_profile text NOT NULL,
    partition text NOT NULL DEFAULT '',  -- '' where the holder has none, or its source does not say
    qos text NOT NULL DEFAULT '',
    den integer NOT NULL CHECK (den >= 1),
    held bigint NOT NULL CHECK (held >= 0),
    util_ppm_ms numeric NOT NULL DEFAULT 0,
    util_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile, partition, qos,
        den)
) WITH (fillfactor = 70);
CREATE INDEX day_totals_by_holder ON day_totals (cluster_id, holder_kind, holder, day);

-- What was seen of each GPU on each day, whoever held it. Minutes without a window are silent.
CREATE TABLE coverage (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    windows integer NOT NULL CHECK (windows >= 0),
    window_ms bigint NOT NULL CHECK (window_ms >= 0),
    gap_ms bigint NOT NULL CHECK (gap_ms BETWEEN 0 AND window_ms),
    energy_mj numeric,
    PRIMARY KEY (gpu, day, cluster_id, source)
) WITH (fillfactor = 70);
CREATE INDEX coverage_by_day ON coverage (cluster_id, day);

COMMENT ON TABLE day_totals IS 'Sums of kept windows by GPU, Beijing day and holder';
COMMENT ON COLUMN day_totals.held IS
    'Sum of held milliseconds times the slice''s numerator; divide by den for device-milliseconds';
COMMENT ON COLUMN day_totals.den IS 'Denominator of held';
COMMENT ON COLUMN day_totals.util_ppm_ms IS 'Utilisation in millionths times milliseconds';
COMMENT ON COLUMN day_totals.util_ms IS 'Milliseconds in which utilisation was measured';
COMMENT ON TABLE coverage IS 'What was seen of each GPU on each Beijing day';
COMMENT ON COLUMN coverage.window_ms IS 'Milliseconds';
COMMENT ON COLUMN coverage.gap_ms IS 'Milliseconds without observation inside windows';
COMMENT ON COLUMN coverage.energy_mj IS 'Millijoules';

GRANT SELECT, INSERT ON day_totals, coverage TO :app_role;
GRANT UPDATE (held, util_ppm_ms, util_ms) ON day_totals TO :app_role;
GRANT UPDATE (windows, window_ms, gap_ms, energy_mj) ON coverage TO :app_role;
