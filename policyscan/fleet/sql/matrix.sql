/* Each rule in each of the worst workspaces; a row without a workspace stands for all the others. */
with
found as (
  select
    workspace,
    tool,
    rule,
    count(*) filter (verdict = 'fail' and not waived) as fails,
    bool_or(verdict = 'error') as has_errors,
    bool_or(verdict = 'unknown' and not waived) as has_unknowns,
    min(name) as name,
    min(position) as position,
    coalesce(sum(weight) filter (verdict = 'fail' and not waived), 0) as weight
  from latest_verdicts
  left join severities using (severity)
  where verdict not in ('pass', 'na')
  group by workspace, tool, rule
),
rules as (
  select
    tool,
    rule,
    min(name) as name,
    min(position) as position,
    count(*) filter (fails > 0) as failing
  from found
  group by tool, rule
),
weighed as (
  select workspace, sum(weight) as weight from found group by workspace
),
ranked as (
  select
    *,
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
    coalesce(f.fails, 0) as findings,
    case
      when f.fails > 0 then 'fail'
      when f.has_errors then 'error'
      when f.has_unknowns then 'unknown'
      when f.rule is not null then 'waived'
      when w.is_judged and (r.tool <> 'checkov' or w.has_checkov) then 'ok'
      else 'not judged'
    end as cell
  from rules as r
  cross join ranked as w
  left join found as f
    on f.workspace = w.workspace and f.tool = r.tool and f.rule = r.rule
),
shown as (
  select tool, rule, workspace, place, cell, findings, 1 as workspaces
  from cells
  where place <= getvariable('top')
  union all
  select
    tool,
    rule,
    null,
    getvariable('top') + 1,
    case
      when bool_or(cell = 'fail') then 'fail'
      when bool_or(cell = 'error') then 'error'
      when bool_or(cell = 'unknown') then 'unknown'
      when bool_or(cell = 'not judged') then 'not judged'
      when bool_or(cell = 'waived') then 'waived'
      else 'ok'
    end,
    sum(findings),
    count(*) filter (cell = 'fail')
  from cells
  where place > getvariable('top')
  group by tool, rule
)
select
  shown.rule,
  rules.name,
  severities.severity,
  shown.tool,
  shown.workspace,
  shown.cell,
  shown.findings::bigint as findings,
  shown.workspaces
from shown
join rules using (tool, rule)
left join severities using (position)
order by rules.position, rules.failing desc, shown.tool, shown.rule, shown.place
