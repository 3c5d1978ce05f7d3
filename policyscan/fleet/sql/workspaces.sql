/* What became of the plans of each workspace. */
select
  workspace,
  count(*) as plans,
  count(*) filter (outcome <> 'scanned') as not_judged,
  -- Nothing found means nothing wrong only where every plan was judged as a whole.
  bool_and(outcome = 'scanned') as is_judged,
  bool_and(checkov = 'ran') as has_checkov,
  min(reason) filter (outcome <> 'scanned') as reason
from {plans}
group by workspace
