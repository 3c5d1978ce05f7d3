/* All runs, the last one first. */
with
counted as (
  select
    run,
    count(*) as plans,
    count(distinct workspace) as workspaces,
    count(*) filter (outcome <> 'scanned') as not_judged
  from plans
  group by run
),
found as (
  select
    run,
    count(*) filter (verdict = 'fail' and not waived and severity = 'critical') as critical,
    count(*) filter (verdict = 'fail' and not waived and severity = 'high') as high,
    count(*) filter (verdict = 'fail' and not waived and severity = 'medium') as medium,
    count(*) filter (verdict = 'fail' and not waived and severity = 'low') as low,
    count(*) filter (verdict in ('unknown', 'error') and not waived) as undecided,
    count(*) filter (waived) as waived
  from verdicts
  group by run
)
select
  run,
  plans,
  workspaces,
  not_judged,
  coalesce(critical, 0) as critical,
  coalesce(high, 0) as high,
  coalesce(medium, 0) as medium,
  coalesce(low, 0) as low,
  coalesce(undecided, 0) as undecided,
  coalesce(waived, 0) as waived
from runs
join counted using (run)
left join found using (run)
order by runs.position desc
