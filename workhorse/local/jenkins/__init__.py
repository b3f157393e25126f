"""The Jenkins stand-in: an HTTP server that answers as real Jenkins was recorded to answer.

The scheduling core (`controller` and what it imports) is pure state with time as an argument;
`exporting` and the `*_kinds` modules render it, `server` speaks HTTP, `agent_link` is the agents'
side. `standin.JenkinsStandIn` runs it in a thread,
`python -m workhorse.local.jenkins` in a process.

Limits: only the scripts of `scripts` are understood by `/scriptText`; a pipeline is a sequence of
`node` blocks with `sh 'sleep N'` inside; remoting is replaced by small JSON messages.
"""
