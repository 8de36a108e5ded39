"""`almoner replay`: play a trace of real LLM calls against a server.

trace      what was called when, from a CSV file
assign     by whom, in which chat, with which model: made up, but always the same
prices     what it costs
script     all of that together, call by call
survey     what a script comes to
budgets    limits that refuse some of it
stage      the namespace, its limits and its chats
play       the calls, many at once
tally      what happened meanwhile
spending   what the server says was spent
verified   what `almoner verify` finds
report     what it all comes to
"""
