/* Why plans could not be judged. */
select outcome, reason, count(*) as plans, count(distinct workspace) as workspaces
from latest_plans
where outcome <> 'scanned'
group by outcome, reason
order by plans desc, outcome, reason
