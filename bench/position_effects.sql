-- Transient, slope, last step, slow steps and drift of records with step times, for DuckDB:
--   duckdb -cmd "SET VARIABLE records = 'results/demo/records/*/records.jsonl'" < bench/position_effects.sql
-- Shares no code with the audit. Each request's own level is the median of its settled steps (9 to
-- the last but one), so that configuration, answer length and time of the run cannot look like an
-- effect of the position.

CREATE OR REPLACE TEMP TABLE steps AS
SELECT key, dataset, tier, top_k, num_active_blocks, time, len(T_decode_per_step) AS n,
       unnest(T_decode_per_step) AS ms, generate_subscripts(T_decode_per_step, 1) AS s
FROM read_json(getvariable('records'), format = 'newline_delimited', union_by_name = true)
WHERE len(T_decode_per_step) > 0 AND NOT list_contains(flags::VARCHAR[], 'cupti_pass');

CREATE OR REPLACE TEMP TABLE relative AS
SELECT steps.*, ms / level AS x
FROM steps JOIN (
    SELECT key, median(ms) AS level FROM steps
    WHERE n >= 12 AND s BETWEEN 9 AND n - 1 GROUP BY key
) USING (key);

.print Transient: median over requests of step s beside the settled steps of its own request
SELECT s, count(*) AS requests, round(100 * (median(x) - 1), 2) AS percent,
       round(100 * (quantile_cont(x, 0.25) - 1), 2) AS lower_quarter,
       round(100 * (quantile_cont(x, 0.75) - 1), 2) AS upper_quarter
FROM relative WHERE s <= 10 AND s < n GROUP BY s ORDER BY s;

.print Slope: percent of a step per token over the settled steps, one least-squares line a request
SELECT count(*) AS requests, round(median(slope), 4) AS median_percent,
       round(1.2533 * stddev(slope) / sqrt(count(*)), 4) AS error_of_median,
       round(sum(slope * weight) / sum(weight), 4) AS weighted_percent
FROM (
    SELECT 100 * regr_slope(x, s) AS slope, regr_sxx(x, s) AS weight
    FROM relative WHERE s BETWEEN 9 AND n - 1 AND n >= 20 GROUP BY key
);

.print Last step beside the settled ones; steps beyond 1.5 times their request's level
SELECT round(100 * (median(x) FILTER (s = n) - 1), 2) AS last_step_percent,
       round(100 * avg((x > 1.5 AND s > 8)::INT), 3) AS slow_steps_percent,
       round(100 * sum(ms) FILTER (x > 1.5 AND s > 8) / sum(ms), 3) AS their_share_of_time
FROM relative;

.print Drift: growth of a request's level over the run, beside the median of its cell
WITH levels AS (
    SELECT key, any_value(time) AS time, any_value(dataset) AS d, any_value(tier) AS t,
           any_value(top_k) AS k, any_value(num_active_blocks) AS b,
           median(ms) FILTER (s > 1 OR n = 1) AS level, any_value(n) AS n
    FROM steps GROUP BY key
), beside AS (
    SELECT level / median(level) OVER cell AS y, ln(n) - avg(ln(n)) OVER cell AS length,
           percent_rank() OVER (ORDER BY time) AS place, count(*) OVER cell AS in_cell
    FROM levels WINDOW cell AS (PARTITION BY d, t, k, b)
)
SELECT count(*) AS requests, round(100 * regr_slope(y, place), 3) AS percent_over_the_run,
       round(corr(place, length), 3) AS time_with_length,
       round(100 * (median(y) FILTER (place >= 0.5) - median(y) FILTER (place < 0.5)), 3)
           AS second_half_beside_first
FROM beside WHERE in_cell >= 2;
