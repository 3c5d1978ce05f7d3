"""What Checkov's own Python runs: Checkov's checks of one plan, in a fraction of its time.

`PYTHON -I -c "import sys; sys.path.append(FOLDER); import worker.main"`, FOLDER being the one this
package lies in, reads a request from stdin and writes its answer to stdout, both JSON;
`worker/main.py` says what is in them. Only the standard library and Checkov may be imported here:
its environment cannot be shared with ours.

Checkov's files stay as they are. What is slow in them is replaced as they are loaded:

- `lazy`: modules that judging a plan does not need are loaded when something asks for them.
- `catalogue`: checks are loaded by the types of resources in the plan, from a list made at setup.
- `reading`: the plan is read as JSON, which it is, not as YAML.
- `graph`: what was looked up by going through all resources is looked up in a table.
- `judging`: checks run one after the other, and keep no text of the plan.
- `external`: the user's own checks are loaded so that none is left out without a word.

Nothing of this changes what a check says. `policyscan setup` compares this worker with Checkov's
own command line before either is used.
"""
