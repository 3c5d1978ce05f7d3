/* Each rule in each of the worst workspaces; a row without a workspace stands for all the others. */
with
found as materialized (
  select
    workspace,
    tool,
    rule,
    min(position) as position,
    count(*) filter (verdict = 'fail' and not waived) as fails,
    bool_or(verdict = 'error') as has_errors,
    bool_or(verdict = 'unknown' and not waived) as has_unknowns,
    coalesce(sum(weight) filter (verdict = 'fail' and not waived), 0) as weight
  from latest_verdicts
  left join severities using (severity)
  where verdict not in ('pass', 'na')
  group by workspace, tool, rule
),
rules as (
  select tool, rule, min(position) as position, count(*) filter (fails > 0) as failing
  from found
  group by tool, rule
),
weighed as (
  select workspace, sum(weight) as weight from found group by workspace
),
ranked as materialized (
  select
    workspace,
    is_judged,
    is_judged and has_checkov as is_judged_by_checkov,
    row_number() over (order by coalesce(weight, 0) desc, workspace) as place
  from latest_workspaces
  left join weighed using (workspace)
),
cells as (
  select
    r.tool,
    r.rule,
    w.workspace,
    w.place,
    case
      when f.fails > 0 then 'fail'
      when f.has_errors then 'error'
      when f.has_unknowns then 'unknown'
      when f.rule is not null then 'waived'
      when case r.tool when 'checkov' then is_judged_by_checkov else is_judged end then 'ok'
      else 'not judged'
    end as cell,
    coalesce(f.fails, 0) as findings,
    1 as workspaces
  from rules as r
  cross join ranked as w
  left join found as f
    on f.workspace = w.workspace and f.tool = r.tool and f.rule = r.rule
  where w.place <= getvariable('top')
),
others as (
  select
    count(*) as workspaces,
    count(*) filter (not is_judged) as lost,
    count(*) filter (not is_judged_by_checkov) as lost_by_checkov
  from ranked
  where place > getvariable('top')
),
found_in_others as (
  select
    tool,
    rule,
    sum(fails) as findings,
    count(*) filter (fails > 0) as failing,
    bool_or(has_errors) as has_errors,
    bool_or(has_unknowns) as has_unknowns,
    count(*) filter (
      not case tool when 'checkov' then is_judged_by_checkov else is_judged end
    ) as lost
  from found
  join ranked using (workspace)
  where place > getvariable('top')
  group by tool, rule
),
rest as (
  select
    r.tool,
    r.rule,
    null as workspace,
    getvariable('top') + 1 as place,
    case
      when f.failing > 0 then 'fail'
      when f.has_errors then 'error'
      when f.has_unknowns then 'unknown'
      -- Where nothing is found though nothing was judged.
      when case r.tool when 'checkov' then o.lost_by_checkov else o.lost end > coalesce(f.lost, 0)
        then 'not judged'
      when f.rule is not null then 'waived'
      else 'ok'
    end as cell,
    coalesce(f.findings, 0) as findings,
    coalesce(f.failing, 0) as workspaces
  from rules as r
  cross join others as o
  left join found_in_others as f on f.tool = r.tool and f.rule = r.rule
  where o.workspaces > 0
),
shown as (
  select * from cells union all select * from rest
)
select
  rule,
  name,
  severity,
  tool,
  workspace,
  cell,
  findings::bigint as findings,
  workspaces
from shown
join rules using (tool, rule)
left join names using (tool, rule)
left join severities using (position)
order by position, failing desc, tool, rule, place
