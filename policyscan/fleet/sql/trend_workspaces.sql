/* What became of the findings of each workspace between the two runs. */
select
  workspace,
  count(*) filter (change = 'new') as new,
  count(*) filter (change = 'fixed') as fixed,
  count(*) filter (change = 'still') as still,
  count(*) filter (change = 'undecided') as undecided,
  count(*) filter (change = 'waived') as waived,
  count(*) filter (change = 'not comparable') as not_comparable,
  min(why) as why
from changes
group by workspace
order by new desc, fixed desc, still desc, workspace
