/* Rules by how many workspaces fail them; the share is of the workspaces that are judged. */
with
found as (
  select
    tool,
    rule,
    workspace,
    min(position) as position,
    count(*) filter (verdict = 'fail' and not waived) as findings,
    count(*) filter (verdict in ('unknown', 'error') and not waived) as undecided,
    count(*) filter (waived) as waived
  from latest_verdicts
  left join severities using (severity)
  where verdict not in ('pass', 'na')
  group by tool, rule, workspace
),
judged as (
  select
    count(*) filter (is_judged) as policyscan,
    count(*) filter (is_judged and has_checkov) as checkov
  from latest_workspaces
),
counted as (
  select
    tool,
    rule,
    min(position) as position,
    count(*) filter (findings > 0) as workspaces,
    -- What is judged only in part may fail all the same.
    count(*) filter (
      findings > 0 and not (is_judged and (tool <> 'checkov' or has_checkov))
    ) as in_part,
    sum(findings)::bigint as findings,
    sum(undecided)::bigint as undecided,
    sum(waived)::bigint as waived
  from found
  join latest_workspaces using (workspace)
  group by tool, rule
)
select
  rule,
  name,
  severity,
  tool,
  workspaces,
  coalesce(
    round(
      100.0 * workspaces
      / nullif(in_part + case tool when 'checkov' then checkov else policyscan end, 0),
      1
    ),
    0
  ) as share,
  findings,
  undecided,
  waived
from counted
cross join judged
left join names using (tool, rule)
left join severities using (position)
order by workspaces desc, findings desc, tool, rule
