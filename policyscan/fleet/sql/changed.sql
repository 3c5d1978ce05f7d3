/* What became of the findings between the two runs. */
select change, count(*) as findings, count(distinct workspace) as workspaces
from changes
group by change
order by array_position(['new', 'fixed', 'still', 'undecided', 'waived', 'not comparable'], change)
