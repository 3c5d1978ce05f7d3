/* How many plans there are, and how many could not be judged. */
select
  count(*) as plans,
  count(distinct workspace) as workspaces,
  count(*) filter (outcome = 'scanned') as scanned,
  count(*) filter (outcome = 'inconclusive') as inconclusive,
  count(*) filter (outcome = 'failed') as failed
from latest_plans
